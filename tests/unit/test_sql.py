"""The published tables in SQL: connections whose views they are, and one-liners."""

from __future__ import annotations

import sys
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from published_cache import QC_TYPES, SUBJECTS, add_quality_control

import biodata_cache
from biodata_cache import ArgumentError, CacheFileError, connect, scan, sql


@pytest.fixture
def both(cache: Any, templates: Any) -> Any:
    """Partitions, an empty table in partitions, and two plain tables that share a column."""
    templates.fill(cache, "both", add_both)
    return cache


def add_both(published: Any) -> None:
    add_quality_control(published)
    published.plain(
        "asset_basics",
        "select unnest(['451_first', 'b']) as name, ['fib'] as modalities, "
        "timestamptz '2024-01-31 23:30:00-08:00' as created_at, 1::integer as n",
    )
    published.plain("qc_status", "select '451_first' as name, map {'fib': 'Pass'} as by_modality")
    published.partitioned("qc_tag_status", "qc_tag_status", "subject_id", {})
    published.entries[-1]["columns"] = [
        {"name": name, "description": "", "type": kind} for name, kind in QC_TYPES.items()
    ]
    published.write_registry()


def test_every_table_is_a_view_of_its_types(both: Any) -> None:
    with connect() as duck:
        views = duck.sql("select view_name from duckdb_views() where not internal").fetchall()
        assert {name for (name,) in views} == set(biodata_cache.get_cache_registry().names)
        for name in ("quality_control", "qc_tag_status"):
            described = duck.sql(f"describe {name}").fetchall()
            assert {row[0]: row[1] for row in described} == QC_TYPES
        joined = "select name, modalities from asset_basics join qc_status using (name)"
        assert duck.sql(joined).fetchall() == [("451_first", ["fib"])]
        subjects = duck.sql("select distinct subject_id from quality_control").fetchall()
        assert {subject for (subject,) in subjects} == set(SUBJECTS)
        assert duck.sql("select count(*) from qc_tag_status").fetchone() == (0,)
        shown = duck.sql("select created_at::varchar from asset_basics").fetchone()
        assert shown == ("2024-02-01 07:30:00+00",)


def test_every_cursor_is_in_utc(both: Any) -> None:
    query = "select current_setting('TimeZone')"
    with connect() as duck, duck.cursor() as cursor:
        assert [each.execute(query).fetchone() for each in (duck, cursor)] == [("UTC",)] * 2


def test_what_is_done_in_a_connection_stays_in_it(both: Any) -> None:
    before = {path: path.read_bytes() for path in both.root.rglob("*") if path.is_file()}
    with connect() as duck, connect() as other:
        duck.execute("create table mine as select 1 as a")
        with pytest.raises(duckdb.Error):
            duck.execute("delete from asset_basics")
        with pytest.raises(duckdb.Error):
            duck.execute("insert into qc_status select * from qc_status")
        with pytest.raises(duckdb.CatalogException):
            other.execute("from mine")
        duck.execute("drop view asset_basics")
        assert other.sql("from asset_basics").fetchall()
    assert {path: path.read_bytes() for path in both.root.rglob("*") if path.is_file()} == before


def test_a_connection_joins_frames_of_the_caller(both: Any) -> None:
    mine = pd.DataFrame({"name": ["b"]})
    with connect() as duck:
        assert (
            len(mine)
            == duck.sql("from asset_basics semi join mine using (name)").count("*").fetchone()[0]
        )


def test_sql_gives_columns_as_the_functions_do(both: Any) -> None:
    result = sql("select *, sum(n) over () as total from asset_basics order by name desc")
    plain = biodata_cache.asset_basics().iloc[::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(result[plain.columns.tolist()], plain)
    assert isinstance(result["modalities"][0], np.ndarray)
    assert str(result["created_at"].dt.tz) == "UTC"
    assert result["total"].tolist() == [2, 2]
    assert result["name"].tolist() == ["b", "451_first"]
    maps = sql("from qc_status; -- one statement")
    assert maps["by_modality"].tolist() == [{"fib": "Pass"}]


def test_sql_takes_parameters(both: Any) -> None:
    query = "select name from asset_basics where name = $name"
    assert sql(query, {"name": "b"})["name"].tolist() == ["b"]
    assert sql(query, {"name": "b' or true --"})["name"].tolist() == []
    assert sql("select name from asset_basics where n >= ? and name = ?", [1, "b"]).size == 1
    some = pd.Series(["b", "c"])
    query = "select name from asset_basics where n = $n and true = $is and name in $some"
    for n, is_true in ((np.int64(1), np.True_), (np.array(1), True)):
        values = {"n": n, "is": is_true, "some": some}
        assert sql(query, values)["name"].tolist() == ["b"]


def test_sql_of_any_kind(both: Any) -> None:
    assert sql("select 1 as a, 2 as a").columns.tolist() == ["a", "a_1"]
    assert sql("describe asset_basics")["column_name"].tolist()[0] == "name"
    assert sql('with asset_basics as (select 1 as x) select * from "ASSET_BASICS"')["x"][0] == 1
    assert len(sql("select * from Asset_Basics where name in (select name from qc_status)")) == 1
    assert str(sql("select null::timestamptz as t")["t"].dtype).endswith("UTC]")
    assert sql("pivot quality_control on status using count(*) group by name")["Pass"][0] == len(
        SUBJECTS
    )


@pytest.mark.parametrize(
    "query",
    [
        "from asset_basics; -- one statement",
        "select 1 as a, 2 as A, timestamptz '2024-01-31' as t, timestamptz '2024-02-01' as T",
        "create table mine as select timestamptz '2024-01-31' as t; from mine",
        "pivot asset_basics on n using max(created_at) group by name order by name",
        "select 'x'::enum('x', 'y') as kind",
        "show tables",
        "begin",
    ],
)
def test_sql_gives_the_same_without_arrow(
    both: Any, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    with_arrow = sql(query)
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # as where it is not installed
    pd.testing.assert_frame_equal(sql(query), with_arrow)


def test_only_tables_that_are_named_are_looked_at(both: Any) -> None:
    (both.folder / "qc_status.pqt").write_bytes(b"damaged")
    assert len(sql("from asset_basics")) == 2
    with pytest.raises(CacheFileError, match=r"qc_status\.pqt"):
        sql("from qc_status")
    with pytest.raises(CacheFileError, match=r"qc_status\.pqt"):
        connect()


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("selec 1", duckdb.ParserException),
        ("select nope from asset_basics", duckdb.BinderException),
        ("select * from nope", duckdb.CatalogException),
        ("select name::integer from asset_basics", duckdb.ConversionException),
        ("select $a", duckdb.InvalidInputException),
        ("select * from registry", duckdb.CatalogException),
        ("select * from read_csv('nope.csv')", duckdb.IOException),
        ("from asset_basics join 'nope.parquet' using (name)", duckdb.IOException),
        ("copy asset_basics to 'nope/x.csv'", duckdb.IOException),
        ("select * from asset_basics; select $a", duckdb.InvalidInputException),
    ],
)
def test_errors_of_a_query_are_those_of_duckdb(both: Any, query: str, error: type) -> None:
    with pytest.raises(error):
        sql(query)


def test_a_query_is_a_text(both: Any) -> None:
    with pytest.raises(ArgumentError, match="query must be a text"):
        sql(None)
    for query in ("", ";", "-- nothing"):
        with pytest.raises(ArgumentError, match="query must be a statement of SQL"):
            sql(query)


def test_every_table_is_listed(both: Any) -> None:
    names = biodata_cache.get_cache_registry().names
    assert sql("show tables")["name"].tolist() == sorted(names)
    listed = sql("select table_name from information_schema.tables")
    assert set(listed["table_name"]) == set(names)


def test_a_relation_outlives_what_made_it(both: Any) -> None:
    rows = scan("asset_basics").duckdb().filter("n = 1")
    assert rows.aggregate("count(*) as n").fetchall() == [(2,)]
    assert scan("qc_tag_status", status="Pass").duckdb().fetchall() == []
    assert scan("qc_tag_status", status="Pass").duckdb().columns == list(QC_TYPES)


def test_a_condition_on_the_key_opens_the_files_of_that_key_alone(both: Any) -> None:
    for entry in both.entries:
        entry["build_id"] = "b"
    both.write_registry()
    for path in (both.folder / "qc").glob("*/data.pqt"):
        # The first file says what the columns are.
        if path.parent.name not in {"subject_id=", "subject_id=0451", "subject_id=451"}:
            path.write_bytes(b"damaged")
    query = "select distinct subject_id from quality_control where subject_id = $subject"
    for subject in ("0451", "451"):
        assert sql(query, {"subject": subject})["subject_id"].tolist() == [subject]
        kept = scan("quality_control").duckdb().filter(f"subject_id = '{subject}'")
        assert kept.aggregate("count(*)").fetchall() == [(2,)]
    with connect() as duck:
        assert duck.execute(query, {"subject": "451"}).fetchall() == [("451",)]


def test_partitions_whose_names_stand_for_nothing(both: Any) -> None:
    """DuckDB takes these names of folders for a missing value."""
    names = ["NULL", "null", "__HIVE_DEFAULT_PARTITION__"]
    queries = {name: f"select '{name}' as platform, 1 as n" for name in names}
    both.partitioned("platform_qc", "platform_qc", "platform", queries, build_id="b")
    assert sorted(sql("from platform_qc")["platform"]) == sorted(names)
    for name in names:
        kept = sql("from platform_qc where platform = $name", {"name": name})
        assert kept["platform"].tolist() == [name]
        kept = scan("platform_qc").duckdb().filter(f"platform = '{name}'")
        assert kept.fetchall() == [(name, 1)]


def test_a_root_whose_name_looks_like_a_partition(
    both: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = both.root.parent / "subject_id=7" / "n=5"
    moved.parent.mkdir()
    both.root.rename(moved)
    monkeypatch.setenv("BIODATA_CACHE_ROOT", str(moved))
    result = sql("from quality_control")
    assert result.columns.tolist() == list(QC_TYPES)
    assert set(result["subject_id"]) == set(SUBJECTS)


MINE = pd.DataFrame({"asset_name": ["451_first"], "score": [7]})


def test_frames_of_the_caller_are_tables_by_their_names(qc_cache):
    local = pd.DataFrame({"asset_name": ["0451_first"], "score": [3]})
    query = "select score from {} join quality_control using (asset_name)"
    assert biodata_cache.sql(query.format("local"))["score"].tolist() == [3]
    assert biodata_cache.sql(query.format("MINE"))["score"].tolist() == [7]
    arrow = pa.table({"asset_name": ["0451_first"], "score": [5]})
    assert biodata_cache.sql(query.format("arrow"))["score"].tolist() == [5]
    assert len(arrow) == len(local)
    with biodata_cache.connect() as duck:
        assert duck.sql(query.format("local")).fetchall() == [(3,)]


def test_a_published_table_comes_before_a_frame_of_its_name(qc_cache):
    quality_control = pd.DataFrame({"asset_name": ["mine"]})
    assert len(biodata_cache.sql("from quality_control")) > len(quality_control)


def test_a_frame_is_a_table_only_where_the_query_has_one_of_its_name(qc_cache):
    unreadable = pd.DataFrame({"a": [1 + 2j]})
    status = name = unreadable  # noqa: F841  # columns of the table, and a name that is quoted
    assert len(biodata_cache.sql("select status, 'name' from quality_control")) > 0
    assert biodata_cache.sql("with status as (select 1 as x) from status")["x"].tolist() == [1]
    assert biodata_cache.sql("create table name as select 2 as y; from name")["y"].tolist() == [2]
    with pytest.raises(duckdb.Error):
        biodata_cache.sql("from unreadable")


def test_frames_in_statements_of_any_kind(qc_cache):
    first = pd.DataFrame({"x": [1], "y": [2]})
    second = pd.DataFrame({"x": [1, 3]})
    query = "select count(*) as n from first join second using (x) where y = ?"
    assert biodata_cache.sql(query, [2])["n"].tolist() == [1]
    several = (
        "create table t as from first; insert into t select x, 0 from second; from t order by x"
    )
    assert biodata_cache.sql(several)["x"].tolist() == [1, 1, 3]
    assert len(biodata_cache.sql("pivot second on x using count(*)").columns) == len(second)
    assert biodata_cache.sql("summarize first")["column_name"].tolist() == list(first.columns)


def test_variables_of_the_package_are_no_tables(qc_cache):
    for name in ("frames", "registry", "rows", "query"):
        with pytest.raises(duckdb.CatalogException):
            biodata_cache.sql(f"from {name}")


def test_the_error_for_a_misspelt_table_suggests_the_nearest_of_ours(qc_cache):
    with pytest.raises(duckdb.CatalogException, match="Nearest: 'quality_control'"):
        biodata_cache.sql("from quality_contrl")


def test_views_and_their_columns_have_texts(qc_cache):
    qc_cache.entries[0]["description"] = "It's a text."
    qc_cache.entries[0]["columns"][0]["description"] = "Name of the metric."
    qc_cache.write_registry()
    comments = "select comment from duckdb_views() where view_name = 'quality_control'"
    of_columns = "select comment from duckdb_columns() where column_name = 'name' and comment != ''"
    with biodata_cache.connect() as duck:
        assert duck.sql(comments).fetchall() == [("It's a text.",)]
        assert duck.sql(of_columns).fetchall() == [("Name of the metric.",)]
    assert biodata_cache.sql(comments)["comment"].tolist() == ["It's a text."]
