"""Statistics, first rows and months of tables: exact, and computed once for the same objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from biodata_cache._core.registry.entries import ColumnEntry, ObjectFile, TableEntry
from biodata_cache._publish.catalogue import profiles as _profiles
from biodata_cache._publish.catalogue.profiles import Profiles
from biodata_cache._publish.catalogue.statistics import profile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def profiled(folder: Path, query: str) -> dict[str, Any]:
    file = folder / "a[b]'s.pqt"
    with duckdb.connect() as duck:
        duck.execute("set TimeZone = 'UTC'")
        duck.from_query(query).write_parquet(str(file))
        described = duck.execute(f"describe {query}").fetchall()
        columns = [ColumnEntry(name, "", kind) for name, kind, *_ in described]
        return profile(duck, [file], columns)


def statistics(folder: Path, values: str, kind: str) -> dict[str, Any]:
    """Statistics of one column of these values."""
    result: dict[str, Any] = profiled(folder, f"select unnest([{values}]::{kind}[]) as value")[
        "columns"
    ][0]
    return result


def test_few_values_are_counted_the_most_frequent_first(tmp_path: Path) -> None:
    assert statistics(tmp_path, "'b', 'a', 'b', null, 'c', ''", "varchar") == {
        "missing": 1, "distinct": 4, "smallest": "", "largest": "c",
        "values": [["b", 2], ["", 1], ["a", 1], ["c", 1]],
    }  # fmt: skip


def test_a_list_is_described_by_its_elements(tmp_path: Path) -> None:
    result = statistics(tmp_path, "['fib', 'vr'], [], null, ['fib', null]", "varchar[]")
    assert result == {
        "missing": 1, "distinct": 2, "smallest": "fib", "largest": "vr",
        "values": [["fib", 2], ["vr", 1]],
    }  # fmt: skip


def test_many_values_have_ends_and_a_histogram_only(tmp_path: Path) -> None:
    numbers = ", ".join(map(str, range(24)))
    result = statistics(tmp_path, numbers, "integer")
    assert result == {
        "missing": 0, "distinct": 24, "smallest": "0", "largest": "23", "bins": [2] * 12,
    }  # fmt: skip
    result = statistics(tmp_path, numbers + ", 'nan'::double, 'inf'::double, null", "double")
    assert (result["distinct"], result["largest"], sum(result["bins"])) == (26, "23.0", 24)


def test_of_a_column_of_long_texts_only_the_missing_ones_are_counted(tmp_path: Path) -> None:
    texts = ", ".join(f"repeat('{letter}', {24 * 2**20})" for letter in "abc")
    assert statistics(tmp_path, f"{texts}, null, null", "varchar") == {"missing": 2}


def test_zero_has_no_sign(tmp_path: Path) -> None:
    for values in ("-0.0::double, 0.0::double", "0.0::double, -0.0::double"):
        assert statistics(tmp_path, values, "double")["values"] == [["0.0", 2]]


def test_times_are_utc_and_without_empty_fractions(tmp_path: Path) -> None:
    times = "'2024-01-01 01:00:00+01', '2024-01-03 00:00:00.120+00', 'infinity'"
    result = statistics(tmp_path, times, "timestamptz")
    assert (result["smallest"], result["largest"]) == (
        "2024-01-01 00:00:00",
        "2024-01-03 00:00:00.12",
    )
    assert sum(result["bins"]) == 2


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ("", "integer"), ("null", "varchar"), ("1e308, -1e308", "double"),
        ("'nan'::double", "double"),
        ("9223372036854775807, -9223372036854775808", "bigint"), ("date '9999-12-31'", "date"),
        ("timestamp '0001-01-01'", "timestamp"), ("true, false", "boolean"),
        ("{'a': 1}", "struct(a integer)"), ("repeat('x',100000)", "varchar"),
    ],
)  # fmt: skip
def test_any_column_has_statistics(tmp_path: Path, values: str, kind: str) -> None:
    result = statistics(tmp_path, values, kind)
    assert result["distinct"] == (0 if values in {"", "null"} else values.count(", ") + 1)


def test_first_rows_fit_whatever_is_in_them(tmp_path: Path) -> None:
    query = "select range as number, repeat('x', 5000) as text, ['a', null] as list from range(99)"
    sample = profiled(tmp_path, query)["sample"]
    assert sample[:2] == [[0, "x" * 119 + "…", ["a", None]], [1, "x" * 119 + "…", ["a", None]]]
    assert len(sample) == 20
    wide = ", ".join(f"repeat('{name}', 100) as {name}{name}" for name in "abcdefghijklmnopqrstuvw")
    assert len(profiled(tmp_path, f"select {wide} from range(99)")["sample"]) == 2
    widest = ", ".join(f"repeat('x', 119) as x{number}" for number in range(60))
    assert len(profiled(tmp_path, f"select {widest} from range(99)")["sample"]) == 1
    assert profiled(tmp_path, "select 9007199254740993 as n, 'inf'::double as d")["sample"] == [
        ["9007199254740993", "inf"]
    ]


def test_months_are_counted_by_platform(tmp_path: Path) -> None:
    query = """
        select * from (values
            ('2024-01-31T23:59:59Z', ['fib', 'vr']), ('2024-01-01', ['fib']),
            ('2024-03-01', []), ('no time', ['vr']), (null, null)
        ) as rows(start_time, platforms)
    """
    assert profiled(tmp_path, query)["months"] == {
        "column": "start_time", "by": "platforms", "months": ["2024-01", "2024-03"], "earlier": 0,
        "series": [("fib", [2, 0]), ("vr", [1, 0]), ("", [0, 1])],
    }  # fmt: skip


def test_only_the_last_months_and_most_frequent_platforms_are_kept(tmp_path: Path) -> None:
    query = """
        select date '2000-01-01' + to_months(range::integer) as day, 'p' || range % 10 as platform
        from range(100)
    """
    result = profiled(tmp_path, query)["months"]
    assert (len(result["months"]), result["earlier"]) == (60, 40)
    assert [name for name, _ in result["series"]] == [*(f"p{n}" for n in range(8)), "other"]
    assert sum(sum(line) for _, line in result["series"]) == 60


def entry(name: str, objects: Sequence[str]) -> TableEntry:
    return TableEntry(
        name=name,
        location=f"{name}.pqt",
        type="metadata",
        columns=(ColumnEntry("value", "", "INTEGER"),),
        objects=tuple(ObjectFile(each, 1, 1, "") for each in objects),
    )


def decoded(content: bytes, folder: Path) -> Profiles:
    (folder / "profiles.pqt").write_bytes(content)
    return _profiles.decoded(folder / "profiles.pqt")


def test_the_same_objects_are_counted_once(tmp_path: Path) -> None:
    files: dict[str, bytes | Path] = {}
    for number in (1, 2):
        files[f"{number}.pqt"] = tmp_path / f"{number}.pqt"
        duckdb.sql(f"select {number} as value").write_parquet(str(files[f"{number}.pqt"]))
    tables = [entry("one", ["1.pqt"]), entry("two", ["2.pqt"])]
    first = _profiles.profiles(tables, {"one": ["base"]}, files, Profiles())
    known = decoded(first, tmp_path)
    assert known.lineage == {"one": ["base"]}
    assert known.table("two")["sample"] == [[2]]
    assert _profiles.profiles(tables, {"one": ["base"]}, {}, known) == first, "without the objects"
    changed = [entry("one", ["2.pqt"]), entry("two", ["2.pqt"])]
    again = decoded(_profiles.profiles(changed, {}, files, known), tmp_path)
    assert again.table("one")["sample"] == [[2]]
    gone = decoded(_profiles.profiles(changed, {}, {}, known), tmp_path)
    assert gone.table("one") == {}, "neither known nor at hand"


@pytest.mark.parametrize("content", ["", "[", "[1]", "null", "NaN", "[" * 100_000])
def test_a_row_that_is_no_profile_is_not_known(content: str) -> None:
    assert Profiles([_profiles.Profile("one", "", content)]).table("one") == {}


@pytest.mark.parametrize(
    "query",
    [
        "select 1 as other",
        "select 'one' as name, '' as source, null::varchar as content",
        "select 1 as name, 2 as source, 3 as content",
    ],
)
def test_an_object_of_another_form_says_nothing(tmp_path: Path, query: str) -> None:
    duckdb.sql(query).write_parquet(str(tmp_path / "rows.pqt"))
    content = (tmp_path / "rows.pqt").read_bytes()
    assert decoded(content, tmp_path).table("one") == {}
    for damaged in (b"", content[:-9], content[:20] + content[40:]):
        assert decoded(damaged, tmp_path).table("one") == {}
