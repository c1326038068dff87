"""What changed in a table from one build to another, and the builds that are kept."""

from __future__ import annotations

import datetime as dt
import shutil
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from published_cache import Published

import biodata_cache
from biodata_cache import (
    ArgumentError,
    Cache,
    CacheNotFoundError,
    TableNotFoundError,
    builds,
    changes,
    use_build,
    use_version,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


FIRST = """select * from (values
    ('a', 1, ['x'], null::double), ('b', 2, null, 0.5), ('c', 3, [], 'nan'::double),
    (null, 4, ['y'], 1.0)
) as assets(name, age, tags, weight)"""
SECOND = """select * from (values
    ('a', 1, ['x'], null::double), ('b', 20, ['z'], 0.5), ('d', 5, [], 'nan'::double),
    (null, 5, ['y'], 1.0)
) as assets(name, age, tags, weight)"""


@pytest.fixture(autouse=True)
def _forgets() -> Iterator[None]:
    yield
    use_version(None)


def build(cache: Published, query: str, time: str) -> str:
    """Publish `assets` as a build."""
    cache.plain("assets", query)
    cache.entries[-1]["primary_key"] = ["name"]
    return cache.build(time)


@pytest.fixture
def two(cache: Published) -> tuple[str, str]:
    """Two builds, the second of which is live."""
    first = build(cache, FIRST, "20260101T060000Z")
    return first, build(cache, SECOND, "20260103T060000Z")


def changed(found: pd.DataFrame) -> dict[Any, tuple[str, Any]]:
    """Kind of change and changed columns by key."""
    rows = zip(found["name"], found["change"], found["changed_columns"], strict=True)
    return {
        None if pd.isna(name) else name: (kind, None if names is None else list(names))
        for name, kind, names in rows
    }


def test_rows_are_added_removed_and_changed(two: tuple[str, str]) -> None:
    result = changes("assets", since=two[0])
    assert result.columns.tolist() == ["change", "changed_columns", "name", "age", "tags", "weight"]
    assert changed(result) == {
        "b": ("changed", ["age", "tags"]),
        "c": ("removed", None),
        "d": ("added", None),
        None: ("changed", ["age"]),
    }
    assert result["age"].tolist() == [20, 3, 5, 5]  # of what was removed, as it was
    assert result["tags"][0].tolist() == ["z"]


def test_a_build_differs_in_nothing_from_itself(two: tuple[str, str]) -> None:
    assert changes("assets", since=two[1]).empty
    assert Cache(build=two[0]).changes("assets", since=two[0]).empty


def test_of_another_build_than_the_live_one(two: tuple[str, str]) -> None:
    backwards = Cache(build=two[0]).changes("assets", since=two[1])
    assert changed(backwards)["c"] == ("added", None)
    assert changed(backwards)["d"] == ("removed", None)


@pytest.mark.parametrize(
    ("since", "rows"),
    [
        ("2026-01-02", 4),
        (dt.date(2026, 1, 3), 4),
        (dt.datetime(2026, 1, 3, 6, tzinfo=dt.timezone.utc), 0),
        (pd.Timestamp("2026-01-01T07:00+01:00"), 4),
        ("2030-01-01", 0),
    ],
)
def test_since_a_time(two: tuple[str, str], since: Any, rows: int) -> None:
    assert len(changes("assets", since=since)) == rows


def test_a_time_before_all_that_is_kept(two: tuple[str, str]) -> None:
    with pytest.raises(CacheNotFoundError, match=f"from 2026-01-01 00:00 UTC .* is {two[0]}"):
        changes("assets", since="2026-01-01")


@pytest.mark.parametrize("since", ["yesterday", "", 5, None, "20260101T060000Z-xyz"])
def test_what_is_neither_build_nor_time(two: tuple[str, str], since: Any) -> None:
    with pytest.raises(ArgumentError, match="since must be the name of a build, or a time"):
        changes("assets", since=since)


def test_a_build_that_is_not_kept_lists_those_that_are(two: tuple[str, str]) -> None:
    for read in (
        lambda: changes("assets", since="20250101T000000Z-00000000"),
        lambda: use_build("20250101T000000Z-00000000"),
        lambda: Cache(build="20250101T000000Z-00000000").tables(),
    ):
        with pytest.raises(CacheNotFoundError, match=f"It has {two[0]}, {two[1]}"):
            read()


def test_columns_that_come_and_go_and_change_their_type(cache: Published) -> None:
    first = build(cache, "select 'a' as name, 1 as n, 'old' as gone, 7 as same", "20260101T000000Z")
    build(cache, "select 'a' as name, '1' as n, 'new' as came, 7 as same", "20260102T000000Z")
    assert changes("assets", since=first).empty
    build(cache, "select 'b' as name, '1' as n, 'new' as came, 8 as same", "20260103T000000Z")
    result = changes("assets", since=first)
    assert result[["name", "n", "same"]].values.tolist() == [["a", "1", 7], ["b", "1", 8]]
    assert result["came"].fillna("missing").tolist() == ["missing", "new"]


def test_partitions_are_compared_too(qc_cache: Published) -> None:
    qc_cache.entries[-1]["primary_key"] = ["asset_name"]
    first = qc_cache.build("20260101T000000Z")
    path = qc_cache.folder / "qc"
    shutil.copy(path / "subject_id=0451/data.pqt", path / "subject_id=451/data.pqt")
    qc_cache.values["quality_control"] = ["451"]
    qc_cache.build("20260102T000000Z")
    result = changes("quality_control", since=first)
    assert set(result["change"]) == {"removed"}
    assert not set(result["asset_name"]) & {"0451_first", "0451_second"}


def test_tables_that_cannot_be_compared(cache: Published) -> None:
    cache.plain("assets", "select 'a' as name")
    first = cache.build("20260101T000000Z")
    with pytest.raises(ArgumentError, match="assets has no key"):
        changes("assets", since=first)
    with pytest.raises(TableNotFoundError, match="Nearest: 'assets'"):
        changes("asset", since=first)
    cache.plain("source_data", "select 'a' as name")
    cache.build("20260102T000000Z")
    with pytest.raises(TableNotFoundError, match=f"source_data is not in the build {first}"):
        changes("source_data", since=first)


# Builds ------------------------------------------------------------------------------------------


def test_builds_are_those_that_are_kept_and_the_live_one(
    cache: Published, two: tuple[str, str]
) -> None:
    folder = cache.home / ".builds" / cache.folder.name
    (folder / "000001-older").mkdir()
    (folder / "000001-older" / "cache_registry.json").write_text("{}")
    assert builds() == list(two)
    (folder / f"{two[1]}.json").unlink()
    assert builds() == list(two)
    use_build(two[1])
    assert len(biodata_cache.assets()) == 4


def test_a_build_is_read_until_another_is(two: tuple[str, str]) -> None:
    names = {"first": ["a", "b", "c"], "second": ["a", "b", "d"]}

    def read() -> dict[str, list[str]]:
        return {
            "function": biodata_cache.assets()["name"].dropna().tolist(),
            "sql": biodata_cache.sql("from assets")["name"].dropna().tolist(),
        }

    assert read() == dict.fromkeys(("function", "sql"), names["second"])
    use_build(two[0])
    assert read() == dict.fromkeys(("function", "sql"), names["first"])
    assert biodata_cache.get_cache_registry().build == two[0]
    use_build(None)
    assert read()["sql"] == names["second"]
    use_build(two[0])
    use_version(None)
    assert read()["sql"] == names["second"]


def test_two_builds_are_read_side_by_side(two: tuple[str, str]) -> None:
    before, after = (Cache(build=each) for each in two)
    assert before.scan("assets").df()["name"].dropna().tolist() == ["a", "b", "c"]
    assert after.scan("assets").df()["name"].dropna().tolist() == ["a", "b", "d"]
    assert repr(before).endswith(f"bdc-v0.50.0, {two[0]}>")


@pytest.mark.parametrize(
    "name",
    ["latest", "", "../x", 5, "20260101T060000Z", "20269999T081500Z-0a1b2c3d"],
)
def test_what_is_no_build_is_refused(two: tuple[str, str], name: Any) -> None:
    for refused in (use_build, lambda build: Cache(build=build)):
        with pytest.raises(ArgumentError, match="build must be the name of a build"):
            refused(name)


def test_a_version_without_builds_has_none(cache: Published) -> None:
    cache.plain("assets", "select 'a' as name")
    assert builds() == []


def test_a_connection_stays_with_its_build(cache: Published, two: tuple[str, str]) -> None:
    with biodata_cache.connect() as duck:
        build(cache, "select 'new' as name", "20260104T060000Z")
        assert duck.sql("select count(*) from assets").fetchone() == (4,)
    assert biodata_cache.sql("from assets")["name"].tolist() == ["new"]


def test_two_versions_are_compared_by_the_key_of_the_later(tmp_path, monkeypatch):
    older, newer = (Published(tmp_path, version) for version in ("0.34", "0.50.0"))
    for published in (older, newer):
        published.folder.mkdir(parents=True)
    older.plain("assets", "select * from (values ('a', 1), ('b', 2)) as it(name, age)")
    newer.plain("assets", "select * from (values ('b', 3, 1), ('c', 4, 1)) as it(name, age, more)")
    newer.entries[0]["primary_key"] = ["name"]
    newer.write_registry()
    monkeypatch.setenv("BIODATA_CACHE_ROOT", str(tmp_path))
    result = biodata_cache.compare("0.34", "0.50.0", "assets")
    assert result[["change", "name"]].to_numpy().tolist() == [
        ["removed", "a"],
        ["changed", "b"],
        ["added", "c"],
    ]
    assert result["changed_columns"][1].tolist() == ["age"]
    assert len(biodata_cache.compare("0.50.0", "0.50.0", "assets")) == 0
    with pytest.raises(ArgumentError, match="assets has no key"):
        biodata_cache.compare("0.50.0", "0.34", "assets")
    with pytest.raises(CacheNotFoundError, match=r"0\.33"):
        biodata_cache.compare("0.33", "0.50.0", "assets")
    with pytest.raises(TableNotFoundError):
        biodata_cache.compare("0.34", "0.50.0", "qc_status")
