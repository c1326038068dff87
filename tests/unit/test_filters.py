"""Columns and filters: which rows and columns come, and which arguments are refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

import biodata_cache
from biodata_cache import ArgumentError, NotFoundWarning, all_of, contains, like, not_, scan

HOSTILE = ["x' or '1' = '1", "'); drop table assets; --", "%", "$filter_0", "\0", '"', "é\n"]

ROWS = """select * from (values
    ('a', ['fib', 'behavior'], 1::integer, 1.5::double, true, '2024-01-31T23:30:00-08:00',
        timestamptz '2024-01-31 23:30:00-08:00', date '2024-01-31'),
    ('b', ['SPIM'], 2, -0.5, false, '2024-02-01T00:00:00Z',
        timestamptz '2024-02-01 00:00:00+00:00', date '2024-02-01'),
    ('c', [], 3, 0.0, null, '2023-12-31', timestamptz '2023-12-31 00:00:00+00:00',
        date '2023-12-31'),
    (null, null, null, null, null, null, null, null)
) as assets(name, modalities, age, weight, is_raw, start_time, start_at, day)"""


@pytest.fixture
def assets(cache: Any, templates: Any) -> Any:
    templates.fill(cache, "assets", lambda published: published.plain("assets", ROWS))
    return cache


def matching(**filters: Any) -> list[Any]:
    """Names of the rows, by each of the ways to read them, which agree."""
    names = biodata_cache.assets(**filters)["name"]
    texts = [None if pd.isna(name) else name for name in names]
    rows = scan("assets", columns=["name"], **filters)
    assert rows.arrow()["name"].to_pylist() == texts
    assert [name for (name,) in rows.duckdb().fetchall()] == texts
    return texts


@pytest.mark.parametrize(
    ("filters", "hint"),
    [
        ({"modalities": "FIB"}, r"modalities='FIB': did you mean 'fib'\?"),
        ({"modalities": ["spim", "Behavior"]}, r"did you mean 'SPIM', 'behavior'\?"),
        ({"name": "A"}, r"name='A': did you mean 'a'\?"),
        ({"name": "á", "age": 1}, r"did you mean 'a'\?"),
    ],
)
def test_another_spelling_is_offered_where_nothing_was_found(assets, filters, hint):
    with pytest.warns(NotFoundWarning, match=hint) as reported:
        assert len(biodata_cache.assets(**filters)) == 0
    assert reported[0].filename == __file__


@pytest.mark.parametrize("filters", [{"name": "a", "age": 2}, {"name": ["a", "B"], "age": 9}])
def test_a_value_that_is_there_is_no_misspelling(assets, filters):
    assert len(biodata_cache.assets(**filters)) == 0


@pytest.mark.parametrize(
    ("filters", "named"),
    [
        ({"name": all_of("a")}, "all_of.. is for lists"),
        ({"age": contains("1")}, "contains.. is for texts"),
        ({"day": like("2024%")}, "like.. is for texts"),
        ({"name": contains(1)}, "contains must be a text"),
        ({"modalities": all_of(1)}, "modalities must be a text"),
        ({"age": not_("a")}, "a number"),
        ({"limit": -1}, "limit must be a number of rows"),
        ({"limit": True}, "limit must be a number of rows"),
        ({"limit": "5"}, "limit must be a number of rows"),
    ],
)
def test_a_word_that_does_not_fit_is_refused(assets, filters, named):
    with pytest.raises(ArgumentError, match=named):
        biodata_cache.assets(**filters)


def test_all_of_nothing_is_refused():
    with pytest.raises(ArgumentError, match="at least one"):
        all_of()


@pytest.mark.parametrize("text", HOSTILE)
def test_words_are_never_sql(assets, text):
    assert matching(name=contains(text)) == []
    assert matching(name=like(f"{text}_none")) == []


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["a", "b", "c", None]),
        ({"name": "a"}, ["a"]),
        ({"name": np.str_("a")}, ["a"]),
        ({"name": ["c", "a", "a"]}, ["a", "c"]),
        ({"name": {"c"}}, ["c"]),
        ({"name": pd.Series(["c", "b"])}, ["b", "c"]),
        ({"name": np.array(["c", "b"])}, ["b", "c"]),
        ({"name": {"a": 1, "b": 2}.keys()}, ["a", "b"]),
        ({"name": None}, [None]),
        ({"name": ["a", None]}, ["a", None]),
        ({"name": ["a", float("nan")]}, ["a", None]),
        ({"name": []}, []),
        ({"modalities": "fib"}, ["a"]),
        ({"modalities": ["SPIM", "behavior"]}, ["a", "b"]),
        ({"modalities": all_of("fib", "behavior")}, ["a"]),
        ({"modalities": all_of(["fib", "SPIM"])}, []),
        ({"modalities": not_("fib")}, ["b", "c", None]),
        ({"modalities": not_(all_of("fib", "behavior"))}, ["b", "c", None]),
        ({"modalities": contains("BEHAV")}, ["a"]),
        ({"modalities": like("%avior")}, ["a"]),
        ({"modalities": like("%AVIOR")}, []),
        ({"name": not_(["a", "b"])}, ["c", None]),
        ({"name": not_(None)}, ["a", "b", "c"]),
        ({"name": not_(not_("a"))}, ["a"]),
        ({"name": contains("A")}, ["a"]),
        ({"name": contains("%")}, []),
        ({"name": like("_")}, ["a", "b", "c"]),
        ({"name": not_(like("_"))}, [None]),
        ({"age": not_(2)}, ["a", "c", None]),
        ({"age": not_((2, None))}, ["a", None]),
        ({"is_raw": not_(value=True)}, ["b", "c", None]),
        ({"limit": 2}, ["a", "b"]),
        ({"limit": np.int64(1), "name": ["c", "b"]}, ["b"]),
        ({"limit": 0}, []),
        ({"limit": None}, ["a", "b", "c", None]),
        ({"modalities": None}, [None]),
        ({"modalities": ["SPIM", None]}, ["b", None]),
        ({"age": 2}, ["b"]),
        ({"age": np.int64(2)}, ["b"]),
        ({"age": 2.0}, ["b"]),
        ({"age": Decimal("2.5")}, []),
        ({"age": [1, 3]}, ["a", "c"]),
        ({"age": (2, 3)}, ["b", "c"]),
        ({"age": (2, None)}, ["b", "c"]),
        ({"age": slice(None, 2)}, ["a", "b"]),
        ({"age": (None, None)}, ["a", "b", "c"]),
        ({"name": (None, None)}, ["a", "b", "c"]),
        ({"modalities": slice(None, None)}, ["a", "b", "c"]),
        ({"is_raw": (None, None)}, ["a", "b"]),
        ({"age": (3, 1)}, []),
        ({"age": 10**30}, []),
        ({"age": [1, 2**127, -(10**400)]}, ["a"]),
        ({"age": (-(10**400), 10**40)}, ["a", "b", "c"]),
        ({"age": (Decimal("-Infinity"), Decimal(2))}, ["a", "b"]),
        ({"age": Decimal("sNaN")}, [None]),
        ({"age": np.array(1)}, ["a"]),
        ({"name": np.array("a")}, ["a"]),
        ({"weight": (-0.5, 0)}, ["b", "c"]),
        ({"is_raw": True}, ["a"]),
        ({"is_raw": np.False_}, ["b"]),
        ({"is_raw": [True, None]}, ["a", "c", None]),
        ({"age": (2, None), "modalities": "SPIM"}, ["b"]),
        ({"age": 1, "name": "b"}, []),
    ],
)
def test_filters_keep_rows(assets: Any, filters: dict[str, Any], expected: list[Any]) -> None:
    assert matching(**filters) == expected


@pytest.mark.parametrize("column", ["start_time", "start_at"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (("2024-01-31", "2024-01-31"), []),
        (("2024-02-01", "2024-02-01"), ["a", "b"]),
        (("2024-02-01", None), ["a", "b"]),
        ((None, "2024-01-31"), ["c"]),
        ((dt.date(2023, 12, 31), dt.date(2023, 12, 31)), ["c"]),
        ((None, dt.datetime(2024, 2, 1)), ["b", "c"]),
        ((None, pd.Timestamp("2024-01-31 23:30", tz="America/Los_Angeles")), ["a", "b", "c"]),
        (slice("2024-02-01T00:00:01Z", None), ["a"]),
        (("2024-02-01 07:30:00", "2024-02-01T07:30:00+00:00"), ["a"]),
        ((np.datetime64("2024-02-01"), None), ["a", "b"]),
        ((None, np.datetime64("2024-02-01")), ["a", "b", "c"]),
        ((None, np.datetime64("2024-02-01T00:00")), ["b", "c"]),
        ((None, "9999-12-31"), ["a", "b", "c"]),
        ((dt.date.min, dt.date.max), ["a", "b", "c"]),
        ((None, None), ["a", "b", "c"]),
    ],
)
def test_times_are_compared_as_instants(
    assets: Any, column: str, value: Any, expected: list[str]
) -> None:
    assert matching(**{column: value}) == expected


def test_a_day_is_a_day(assets: Any) -> None:
    assert matching(day=("2024-01-31", dt.date(2024, 2, 1))) == ["a", "b"]
    assert matching(day=dt.date(2024, 1, 31)) == ["a"]
    assert matching(start_at="2024-02-01") == ["b"]
    assert matching(start_at=[pd.Timestamp("2024-02-01"), None]) == ["b", None]
    with pytest.raises(ArgumentError, match="without a zone"):
        biodata_cache.assets(day="2024-01-31T00:00:00Z")


def test_the_time_in_a_name_is_a_time(cache: Any) -> None:
    cache.plain("source_data", "select unnest(['2024-01-31_10-00-00', '']) as processing_time")
    rows = biodata_cache.source_data(processing_time=("2024-01-31", "2024-01-31"))
    assert rows["processing_time"].tolist() == ["2024-01-31_10-00-00"]


@pytest.mark.parametrize("text", HOSTILE)
def test_values_are_data(cache: Any, text: str) -> None:
    cache.plain("assets", "select unnest(['a', 'b']) as name, ['x'] as modalities")
    assert matching(name=text) == matching(modalities=text) == matching(name=[text, "z"]) == []


def test_a_column_may_have_any_name(cache: Any) -> None:
    cache.plain("metadata_upgrade", """select 'failed' as "0.14.3", 1 as "a "" b" """)
    upgraded = biodata_cache.metadata_upgrade(**{"0.14.3": "failed", 'a " b': 1})
    assert upgraded.columns.tolist() == ["0.14.3", 'a " b']
    assert scan("metadata_upgrade", **{"0.14.3": "failed", 'a " b': 1}).duckdb().fetchall()
    assert len(biodata_cache.metadata_upgrade(**{"0.14.3": "success"})) == 0


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"nam": "a"}, r"no column 'nam'\. Nearest: 'name'\. It has name, modalities"),
        ({"name": 451}, "name must be a text, not 451"),
        ({"name": ["a", 451]}, "name must be a text, not 451"),
        ({"name": b"a"}, "name must be a text"),
        ({"name": ("a", "b")}, "to keep any of several texts, give a list"),
        ({"name": ("a", "b", "c")}, "give a list"),
        ({"name": {"a": 1}}, "name must be a text"),
        ({"name": "\ud800"}, "name must be a text of whole characters"),
        ({"modalities": ["fib", "\ud800"]}, "modalities must be a text of whole characters"),
        ({"modalities": ("fib", "SPIM")}, "give a list"),
        ({"modalities": 1}, "modalities must be a text"),
        ({"age": "2"}, "age is of type INTEGER: it must be a number, not '2'"),
        ({"age": True}, "age is of type INTEGER"),
        ({"age": np.datetime64(1, "ns")}, "it must be a number"),
        ({"age": np.timedelta64(1, "ns")}, "it must be a number"),
        ({"age": ("1", 2)}, "age is of type INTEGER"),
        ({"age": slice(1, 3, 2)}, "no step"),
        ({"is_raw": 1}, "is_raw is of type BOOLEAN: it must be True or False"),
        ({"is_raw": (True, False)}, "no ranges"),
        ({"start_at": "yesterday"}, "start_at is of type .* it must be a time"),
        ({"start_at": "2024-02-30"}, "a time that there is"),
        ({"start_at": 5}, "it must be a time"),
        ({"start_time": (5, None)}, "no range of times"),
    ],
)
def test_filters_that_make_no_sense(assets: Any, filters: dict[str, Any], message: str) -> None:
    for read in (biodata_cache.assets, partial(scan, "assets")):
        with pytest.raises(ArgumentError, match=message):
            read(**filters)


def test_a_map_can_be_missing_but_not_be_compared(cache: Any) -> None:
    cache.plain("qc_status", "select unnest([map {'fib': 'Pass'}, null]) as status_by_modality")
    assert biodata_cache.qc_status(status_by_modality=None)["status_by_modality"].tolist() == [None]
    with pytest.raises(ArgumentError, match=r"MAP\(VARCHAR, VARCHAR\).*in sql\(\)"):
        biodata_cache.qc_status(status_by_modality="fib")


def test_columns_come_in_their_order(assets: Any) -> None:
    assert biodata_cache.assets(columns=["age", "name"]).columns.tolist() == ["age", "name"]
    assert biodata_cache.assets(columns="age", name="b")["age"].tolist() == [2]
    assert scan("assets", columns=["age", "name"]).columns == ["age", "name"]
    assert scan("assets", columns=["age", "name"]).duckdb().columns == ["age", "name"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["nme"], "no column 'nme'. Nearest: 'name'"),
        ([], "leave it out for all"),
        (["name", "name"], "each once"),
        ([1], "each of columns must be a text"),
        (5, "columns must be a text or a list of texts"),
    ],
)
def test_columns_that_are_refused(assets: Any, columns: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        biodata_cache.assets(columns=columns)


def test_the_partition_key_chooses_files(qc_cache: Any) -> None:
    for path in (qc_cache.folder / "qc").glob("*/data.pqt"):
        if path.parent.name not in {"subject_id=0451", "subject_id=451"}:
            path.write_bytes(b"damaged")
    two = biodata_cache.quality_control(["451", "0451", "none such"], columns=["subject_id"])
    assert two["subject_id"].tolist() == ["451"] * 2 + ["0451"] * 2
    chosen = scan("quality_control", subject_id="451", status="Pass")
    assert chosen.df()["asset_name"].tolist() == ["451_first"]
    assert chosen.location.endswith("/qc/subject_id=451/data.pqt")
    assert len(chosen.duckdb().fetchall()) == 1
    with pytest.warns(NotFoundWarning, match="Nearest"):
        scan("quality_control", subject_id="4511").df()
    with pytest.warns(NotFoundWarning, match="'none such'"):
        empty = biodata_cache.quality_control(["none such"])
    assert len(empty) == 0
    assert str(empty["timestamp"].dt.tz) == "UTC"


def test_values_that_can_be_gone_through_once(qc_cache: Any) -> None:
    subjects = biodata_cache.quality_control(subject_id=(each for each in ["451", "0451"]))
    assert subjects["subject_id"].tolist() == ["451"] * 2 + ["0451"] * 2
    statuses = biodata_cache.qc("451", status=iter(["Pass"]))
    assert statuses["status"].tolist() == ["Pass"]


def test_partitions_are_narrowed_by_other_filters(qc_cache: Any) -> None:
    rows = biodata_cache.quality_control(timestamp=("2024-01-31", None), columns=["asset_name"])
    assert rows["asset_name"].str.endswith("_first").all()
    assert biodata_cache.qc("451", metric_index=(1, None)).empty
    assert biodata_cache.qc("451", columns=["value"])["value"].tolist()[0] == "0.5"
    with pytest.raises(ArgumentError, match="asset_names or asset_name"):
        biodata_cache.qc("451", "451_first", asset_name="451_first")


def test_lists_come_as_text_with_that_option(assets):
    names = biodata_cache.assets(lists="text")["modalities"]
    assert names[:3].tolist() == ["fib, behavior", "SPIM", ""]
    assert pd.isna(names[3])
    counts = biodata_cache.assets(lists="text").groupby("modalities").size()
    assert counts["fib, behavior"] == 1
    some = scan("assets", lists="text", modalities="fib", columns=["modalities"])
    assert some.arrow()["modalities"].to_pylist() == ["fib, behavior"]
    assert some.duckdb().fetchall() == [("fib, behavior",)]
    assert isinstance(biodata_cache.assets()["modalities"][0], np.ndarray)


def test_texts_of_times_come_as_times_with_that_option(assets):
    times = biodata_cache.assets(parse_times=True)["start_time"]
    assert str(times.dt.tz) == "UTC"
    assert times[0] == pd.Timestamp("2024-02-01T07:30:00Z")
    assert pd.isna(times[3])
    early = scan("assets", parse_times=True, start_time=(None, "2023-12-31"))
    assert early.df()["start_time"].tolist() == [pd.Timestamp("2023-12-31", tz="UTC")]
    assert [row[0] for row in early.duckdb().fetchall()] == ["c"]


@pytest.mark.parametrize("option", [{"lists": "comma"}, {"lists": True}, {"parse_times": 1}])
def test_an_option_of_another_value_is_refused(assets, option):
    with pytest.raises(ArgumentError, match=f"{next(iter(option))} must be"):
        biodata_cache.assets(**option)
