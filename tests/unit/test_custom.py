"""Custom tables: what goes in comes out, or is refused."""

from __future__ import annotations

import hashlib
import os
import stat

import duckdb
import numpy as np
import pandas as pd
import pytest

from biodata_cache import (
    AccessError,
    ArgumentError,
    CacheFileError,
    CustomNotFoundError,
    SettingsError,
    custom,
)
from biodata_cache._storage.local import LocalStorage

INSTANTS = ["2024-01-31T08:50:58.123456+00:00", "2024-07-01T00:00:00+00:00"]
COLUMNS = {
    "text": ["2024-01-31 08:50:58-08:00", "é\n'\"\t \\ ", None, ""],
    "text as objects": pd.Series(["a", None, " ", "NaN"], dtype=object),
    "text with a dtype of its own": pd.array(["a", None, "", "b"], dtype="string"),
    "no text at all": pd.Series([None] * 4, dtype=object),
    "integers": [1, -(2**63), 2**63 - 1, 0],
    "small integers": np.array([0, 255, 1, 2], dtype="uint8"),
    "integers, some missing": pd.array([2**60 + 1, None, 0, -1], dtype="Int64"),
    "integers, some missing is missing": ["x"] * 4,
    'text with " and . in its name': ["a"] * 4,
    "fractions": [0.1, np.nan, np.inf, -0.0],
    "small fractions": np.array([0.1, 2, 3, 4], dtype="float32"),
    "flags": [True, False, True, False],
    "flags, some missing": pd.array([True, None, False, True], dtype="boolean"),
    "lists": [["b", "a"], [], None, [""]],
    "arrays": pd.Series(
        [np.array(["b", "a"], dtype=object), np.array([], dtype=object), None, None]
    ),
    "arrays of fractions": pd.Series([np.array([1.5, np.nan]), np.array([0.1]), None, None]),
    "empty lists": [[], [], None, []],
    "lists of numbers": [[1, 2], [], [3], None],
    "lists of lists": [[["a"], []], [], None, [["b", "c"]]],
    "dicts": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}, None, None],
    "times": pd.to_datetime(["2024-01-31T08:50:58.123456", None] * 2, format="ISO8601"),
    "times in ns": pd.Series(["2024-01-31T08:50:58.123456789"] * 4).astype("datetime64[ns]"),
    "times in s": pd.Series(["2024-01-31T08:50:58"] * 4).astype("datetime64[s]"),
    "instants": pd.to_datetime([*INSTANTS, None, None], format="ISO8601", utc=True),
    "local": pd.to_datetime([*INSTANTS, None, None], format="ISO8601", utc=True).tz_convert(
        "America/Los_Angeles"
    ),
    "offset": pd.to_datetime(["2024-01-31T08:50:58-08:00"] * 4),
    "durations": pd.to_timedelta([1, 2, 3, 4], unit="s"),
    "ordered categories": pd.Categorical(["b"] * 4, categories=["c", "b"], ordered=True),
    "categories": pd.Categorical(["b", "a", "b", None]),
}


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("BIODATA_CACHE_ROOT", str(tmp_path / "root"))
    return tmp_path / "root/data-asset-cache/custom"


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_comes_back_as_it_was(name):
    frame = pd.DataFrame({name: COLUMNS[name]})
    custom("mine", frame)
    back = custom("mine")
    pd.testing.assert_frame_equal(back, frame)
    if name == "lists":
        assert [type(value) for value in back[name]] == [list, list, type(None), list]


def test_a_whole_table_comes_back_in_its_order():
    frame = pd.DataFrame(COLUMNS)[::-1]
    custom("mine", frame)
    pd.testing.assert_frame_equal(custom("mine"), frame.reset_index(drop=True))


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_without_rows_keeps_its_type(name):
    frame = pd.DataFrame({name: COLUMNS[name]})[:0]
    custom("mine", frame)
    assert custom("mine").dtypes.to_dict() == frame.dtypes.to_dict()


def test_text_that_comes_late_is_found():
    frame = pd.DataFrame({"late": pd.Series([None] * 30_000 + ["x"], dtype=object)})
    custom("mine", frame)
    assert custom("mine")["late"].tolist()[-1] == "x"


def test_others_read_plain_parquet(root):
    custom("mine", pd.DataFrame({"a": ["x"], "tags": [["y"]], "n": [1]}))
    rows = duckdb.read_parquet(str(root / "mine.pqt"))
    assert rows.fetchall() == [("x", ["y"], 1)]
    assert [str(kind) for kind in rows.types] == ["VARCHAR", "VARCHAR[]", "BIGINT"]


def test_a_table_that_others_wrote_is_read(root):
    root.mkdir(parents=True)
    duckdb.execute(
        f"copy (select 'x' as a, ['y'] as tags) to '{root / 'theirs.pqt'}' (format parquet)"
    )
    assert custom("theirs")["a"].tolist() == ["x"]


def test_the_last_writer_wins_and_leaves_nothing_else(root):
    for value in ("old", "new"):
        custom("mine", pd.DataFrame({"a": [value]}))
    assert custom("mine")["a"].tolist() == ["new"]
    assert [path.name for path in root.parent.rglob("*")] == ["custom", "mine.pqt"]


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, "a"], dtype=object),
        pd.Series(["a", b"b"], dtype=object),
        pd.Series([{"a"}, {"b"}], dtype=object),
        pd.Series(pd.to_datetime(["2024-01-31T08:50:58.123456789Z"] * 2)),
        pd.Series([1 + 2j, 0]),
        pd.Series(pd.period_range("2024", periods=2, freq="D")),
        pd.Series(["a", "\ud800"], dtype=object),
        pd.Series([(1, 2), (3, 4)]),
    ],
    ids=str,
)
def test_what_would_not_come_back_is_refused(root, column):
    with pytest.raises(ArgumentError, match="cannot be kept"):
        custom("mine", pd.DataFrame({"mixed": column}))
    assert not root.exists()


@pytest.mark.parametrize(
    "name",
    ["", "a/b", "..", ".a", "a b", "é", "a\n", "x" * 101, "asset_basics", "QC", "cache_registry"],
)
def test_a_name_that_cannot_be_used_is_refused(name):
    for arguments in ((name,), (name, pd.DataFrame({"a": [1]}))):
        with pytest.raises(ArgumentError, match=r"custom table|published table"):
            custom(*arguments)


def test_what_is_kept_is_given_back():
    frame = pd.DataFrame({"a": [1]})
    assert custom("mine", frame) is frame


def test_a_name_may_hold_dots():
    custom("status.prod.v2", pd.DataFrame({"a": [1]}))
    assert custom("status.prod.v2")["a"].tolist() == [1]
    with pytest.raises(CustomNotFoundError, match=r"There is status\.prod\.v2"):
        custom("status")


def test_columns_may_be_numbered():
    frame = pd.DataFrame([["a", 1, None], ["b", 2, "x"]], columns=[0, 10, "name"])
    custom("numbered", frame)
    pd.testing.assert_frame_equal(custom("numbered"), frame)
    whole = pd.DataFrame([[1, 2]])
    custom("numbered", whole)
    assert custom("numbered")[1].tolist() == [2]


def test_a_name_that_is_no_text_is_refused():
    with pytest.raises(ArgumentError, match="must be a text"):
        custom(7)


def test_the_longest_name_is_used(root):
    custom("x" * 100, pd.DataFrame({"a": [1]}))
    assert len(custom("x" * 100)) == 1


def test_a_missing_name_lists_those_there_are():
    with pytest.raises(CustomNotFoundError, match="There is none"):
        custom("mine")
    custom("mine_too", pd.DataFrame({"a": [1]}))
    custom("other", pd.DataFrame({"a": [1]}))
    with pytest.raises(ValueError, match=r"'mine'.*Nearest: 'mine_too'.*There is mine_too, other"):
        custom("mine")


@pytest.mark.parametrize(
    ("frame", "named"),
    [
        ("text", "must be a pandas DataFrame, not str"),
        (pd.DataFrame(), "needs columns"),
        (pd.DataFrame({1.5: [1]}), "names are texts"),
        (pd.DataFrame({True: [1]}), "names are texts"),
        (pd.DataFrame([[1, 2]], columns=["1", 1]), "two columns of one name"),
        (pd.DataFrame({"a": [1], "A": [1]}), "two columns of one name"),
        (pd.DataFrame({"a": [1], "b": [2]}).set_index("a"), "reset_index"),
    ],
)
def test_what_is_no_table_is_refused(frame, named):
    with pytest.raises(ArgumentError, match=named):
        custom("mine", frame)


def test_a_damaged_table_is_an_error_that_names_it(root):
    custom("mine", pd.DataFrame({"a": [1]}))
    (root / "mine.pqt").write_bytes(b"damaged")
    with pytest.raises(CacheFileError, match=r"mine\.pqt"):
        custom("mine")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_without_the_right_to_write(root):
    root.mkdir(parents=True)
    root.parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with pytest.raises(AccessError, match="may not be written"):
            custom("mine", pd.DataFrame({"a": [1]}))
    finally:
        root.parent.chmod(stat.S_IRWXU)


def test_the_right_to_write_is_what_a_permission_error_is_about(root, monkeypatch):
    def denied(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.mkdir", denied)
    with pytest.raises(PermissionError, match=r"may not be written.*BIODATA_CACHE_ROOT") as caught:
        LocalStorage(root.parent).put("custom/mine.pqt", b"", hashlib.sha256(b"").hexdigest())
    assert isinstance(caught.value, AccessError)


def test_without_a_root_the_error_says_what_to_set(monkeypatch):
    monkeypatch.delenv("BIODATA_CACHE_ROOT")
    with pytest.raises(SettingsError, match="set BIODATA_CACHE_ROOT"):
        custom("mine", pd.DataFrame({"a": [1]}))
