"""Macros of SQL over their whole domain: what is right, the edge of it, and one past the edge.

All are compiled by one run of dbt, as expressions on a column `x`, and run by DuckDB.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from biodata_cache._core.registry.entries import ColumnEntry
from biodata_cache._publish.build.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Dbt

#: Calls by name; `x` is what a test gives.
CALLS = {
    "parse_timestamp": "parse_timestamp('x')",
    "iso_timestamp": "iso_timestamp('x')",
    "parse_date": "parse_date('x')",
    "parse_birth_year": "parse_birth_year('x')",
    "parse_number": "parse_number('x')",
    "number_text": "number_text('x')",
    "exact_integer": "exact_integer('cast(x as double)')",
    "read_number_column": "read_column({'x': 'number'}, 'x')",
    "read_whole_number_column": "read_column({'x': 'whole number'}, 'x')",
    "invalid_columns": "invalid_columns({'x': 'whole number'})",
    "person_name": "person_name('x')",
    "instrument_name": "instrument_name('x')",
    "spelled": "spelled('x', ['Pass', 'Fail', 'Pending'])",
    "time_in_name": "time_in_name('x')",
    "time_at_end_of_name": "time_at_end_of_name('x')",
    "parse_time_in_name": "parse_time_in_name('x')",
    "local_time": "local_time('x')",
    "utc_offset_minutes": "utc_offset_minutes('x')",
    "is_partition_value": "is_partition_value('x')",
    "coordinates_text": "coordinates_text(\"x['ap']\", \"x['ml']\", \"x['depth']\")",
    "worst_status": "worst_status('x')",
    "json_type": "json_type('x')",
    "json_is_object": "json_is('x', 'object')",
    "json_is_array": "json_is('x', 'array')",
    "json_is_string": "json_is('x', 'string')",
    "json_is_null": "json_is_null('x')",
    "json_text": "json_text('cast(x as json)')",
    "json_is_valid": "json_is_valid('x')",
    "json_or_text": "json_or_text('try_cast(null as json)', 'x')",
    "json_object_text": "json_object_text('x')",
    "json_object_text_of_name": "json_object_text('x', 'name')",
    "json_object_text_of_funder_name": "json_object_text('x', 'funder.name')",
    "json_object_path": "json_object_path('x', \"'p'\")",
    "json_object_path_of_name": "json_object_path('x', \"'p'\", 'name')",
    "json_first": "json_first('x', json_text('item'))",
    "list_where": "list_where([\"{'f': x}\", \"{'f': 'b'}\"], 'f')",
    "sorted": "sorted('select * from rows', {'columns': {'at': {'config': {'meta': {"
    "'is_text_time': true}}}, 'n': {}}}, {'partition_key': 'k', 'sort_order': ['at', 'n']})",
    "contents_by_key": "contents_by_key('rows', {'columns': {"
    "'k': {'name': 'k', 'data_type': 'varchar'}, 'n': {'name': 'n', 'data_type': 'double'}, "
    "'l': {'name': 'l', 'data_type': 'varchar[]'}}}, {'partition_key': 'k'})",
    "path_literal": 'path_literal("a\'b[1]*?")',
}


@pytest.fixture(scope="module")
def compiled(dbt: Dbt) -> dict[str, str]:
    inline = "\n".join(f"<{name}>{{{{ {call} }}}}</{name}>" for name, call in CALLS.items())
    finished = dbt("compile", "--inline", inline)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    result = re.findall(r"<(\w+)>(.*?)</\1>", finished.stdout, re.DOTALL)
    assert len(result) == len(CALLS)
    return dict(result)


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


@pytest.fixture(scope="module")
def ask(compiled: dict[str, str], duck: duckdb.DuckDBPyConnection) -> Any:
    """What a macro makes of a value."""

    def evaluated(name: str, value: Any, kind: str = "varchar") -> Any:
        query = f"select {compiled[name]} from (select cast($x as {kind}) as x)"
        row = duck.execute(query, {"x": value}).fetchone()
        assert row is not None
        return row[0]

    return evaluated


UTC = timezone.utc


@pytest.mark.parametrize(
    ("text", "instant", "iso"),
    [
        ("2024-01-31", "2024-01-31 00:00:00", "2024-01-31"),
        ("2024-01-31T10:20", "2024-01-31 10:20:00", "2024-01-31T10:20"),
        ("2024-01-31 10:20:30", "2024-01-31 10:20:30", "2024-01-31T10:20:30"),
        (" 2024-01-31T10:20:30Z\n", "2024-01-31 10:20:30", "2024-01-31T10:20:30Z"),
        ("2024-01-31T10:20Z", "2024-01-31 10:20:00", "2024-01-31T10:20:00Z"),
        ("2024-01-31T10:20-08", "2024-01-31 18:20:00", "2024-01-31T10:20:00-08:00"),
        ("2024-01-31T10:20:30-0830", "2024-01-31 18:50:30", "2024-01-31T10:20:30-08:30"),
        ("2024-01-31T10:20:30+05:45", "2024-01-31 04:35:30", "2024-01-31T10:20:30+05:45"),
        ("2024-01-31T10:20:30.1Z", "2024-01-31 10:20:30.1", "2024-01-31T10:20:30.1Z"),
        (
            "2024-01-31T10:20:30.123456789Z",
            "2024-01-31 10:20:30.123456",
            "2024-01-31T10:20:30.123456789Z",
        ),
        ("2024-01-31T23:59:59+14", "2024-01-31 09:59:59", "2024-01-31T23:59:59+14:00"),
        ("2024-01-31T23:59:59+14:00", "2024-01-31 09:59:59", "2024-01-31T23:59:59+14:00"),
        ("2024-01-31T00:00:00-13:59", "2024-01-31 13:59:00", "2024-01-31T00:00:00-13:59"),
        ("0001-01-01T00:00:00Z", "0001-01-01 00:00:00", "0001-01-01T00:00:00Z"),
        (
            "9999-12-31T23:59:59.999999Z",
            "9999-12-31 23:59:59.999999",
            "9999-12-31T23:59:59.999999Z",
        ),
        ("2024-02-29T00:00:00Z", "2024-02-29 00:00:00", "2024-02-29T00:00:00Z"),
    ],
)
def test_times(ask: Any, text: str, instant: str, iso: str) -> None:
    expected = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert ask("parse_timestamp", text) == expected
    assert ask("iso_timestamp", text) == iso
    assert ask("parse_date", text) == date.fromisoformat(text.strip()[:10])


@pytest.mark.parametrize(
    "text",
    [
        None, "", "yesterday", "2024", "2024-01", "2024-1-31", "20240131", "2024-13-01",
        "2024-02-30", "2023-02-29", "2024-01-31T24:00:00Z", "2024-01-31T10:60:00Z",
        "2024-01-31T10:20:60Z", "2024-01-31T10", "2024-01-31T10:20:30.", "2024-01-31T10:20:30,5Z",
        "2024-01-31T10:20:30.1234567890Z", "2024-01-31T10:20:30+14:01", "2024-01-31T10:20:30+15",
        "2024-01-31T10:20:30+08:60", "2024-01-31T10:20:30 UTC", "2024-01-31Z", "02024-01-31",
        "0000-12-31T00:00:00Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
        "10000-01-01T00:00:00Z", "-2024-01-31", "2024-01-31T10:20:30Zz", "2024-01-31  10:20:30",
    ],
)  # fmt: skip
def test_what_is_no_time(ask: Any, text: str | None) -> None:
    assert ask("parse_timestamp", text) is None
    assert ask("iso_timestamp", text) is None
    assert ask("parse_date", text) is None


@given(
    st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31)),
    st.integers(-14 * 60, 14 * 60),
)
@example(datetime(1900, 1, 1), 0)
def test_any_time_with_an_offset_is_the_instant_that_python_makes_of_it(
    ask: Any, local: datetime, minutes: int
) -> None:
    text = local.replace(tzinfo=timezone(timedelta(minutes=minutes))).isoformat()
    assert ask("parse_timestamp", text) == datetime.fromisoformat(text).astimezone(UTC)
    assert ask("iso_timestamp", text) == text
    assert ask("local_time", text) == local
    assert ask("utc_offset_minutes", text) == minutes


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("2024-01-31T10:20:30Z", 0), ("2024-01-31T10:20:30-08:00", -480), ("2024-01-31", None),
        ("2024-01-31T10:20:30+05:45", 345), ("2024-01-31T10:20:30-00:30", -30), (None, None),
        ("2024-01-31T10:20:30", None),
    ],
)  # fmt: skip
def test_offsets(ask: Any, text: str | None, minutes: int | None) -> None:
    assert ask("utc_offset_minutes", text) == minutes


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("1900", 1900), ("1899", None), ("9999", 9999), ("10000", None), ("2020.0", 2020),
        ("2020.5", None), ("nan", None), ("MMXX", None), (None, None), ("", None),
    ],
)  # fmt: skip
def test_years_of_birth(ask: Any, text: str | None, year: int | None) -> None:
    assert ask("parse_birth_year", text) == year


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1.0), ("-1.5", -1.5), ("+.5", 0.5), ("5.", 5.0), (" 1e3\n", 1000.0), ("1E-3", 0.001),
        ("1.7976931348623157e308", 1.7976931348623157e308), ("0", 0.0), ("-0", 0.0),
    ],
)  # fmt: skip
def test_numbers(ask: Any, text: str, number: float) -> None:
    assert ask("parse_number", text) == number
    assert ask("read_number_column", text) == number
    assert ask("number_text", text) == text.strip(" ")


@pytest.mark.parametrize(
    "text",
    [None, "", " ", ".", "e5", "1e", "1,5", "1_000", "0x10", "nan", "NaN", "inf", "-Infinity",
     "1e309", "-1e309", "true", "1 2", "\uff11"],
)  # fmt: skip
def test_what_is_no_number(ask: Any, text: str | None) -> None:
    for name in ("parse_number", "number_text", "read_number_column", "read_whole_number_column"):
        assert ask(name, text) is None, name


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_finite_number_is_read_as_python_reads_it(ask: Any, number: float) -> None:
    assert ask("parse_number", repr(number)) == number


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("3", 3), ("3.0", 3), ("-3e0", -3), ("2147483647", 2147483647), ("2147483648", None),
        ("-2147483648", -2147483648), ("-2147483649", None), ("1.5", None), (None, None),
    ],
)  # fmt: skip
def test_whole_numbers(ask: Any, text: str | None, whole: int | None) -> None:
    assert ask("exact_integer", text) == whole
    assert ask("read_whole_number_column", text) == whole


@pytest.mark.parametrize("text", ["1.5", "n/a", "", "inf", "2147483648"])
def test_what_is_no_whole_number_is_reported(ask: Any, text: str) -> None:
    (reported,) = ask("invalid_columns", text)
    assert reported == {"field": "x", "problem": "not a whole number", "value": text}


@pytest.mark.parametrize("text", ["1", "1.0", "nan", "NaN", None])
def test_whole_numbers_and_missing_ones_are_not_reported(ask: Any, text: str | None) -> None:
    assert ask("invalid_columns", text) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("jane.DOE", "Jane Doe"), ("  O'Brien\t(PI) ", "O Brien Pi"), ("--", ""), ("", ""),
        ("NSB-187b 2nd", "Nsb 187B 2Nd"), ("Zoe\u0308", "Zoë"), ("лев_ТОЛСТОЙ", "Лев Толстой"),
        (None, None), ("x", "X"), ("İ", "İ"), ("٣a", "٣A"),
        ("jane.doe@example.org", "Jane Doe"), (" Jane_Doe@X\n", "Jane Doe"), ("@x", ""),
        ("Jane Doe @ home", "Jane Doe Home"), ("a@b@c", "A B C"), ("a b@x.org", "A B X Org"),
        ("a\u2003b@c", "A B C"), ("a@b c", "A B C"), ("Zoë@x", "Zoë"), ("x@", "X"),
    ],
)  # fmt: skip
def test_names_of_people(ask: Any, text: str | None, name: str | None) -> None:
    assert ask("person_name", text) == name


@given(st.text())
@example("ß")
@example("ŉ")
def test_names_of_people_have_no_blank_at_an_end_and_none_twice(ask: Any, text: str) -> None:
    name = ask("person_name", text)
    assert name == " ".join(name.split(" "))
    assert name == name.strip()
    assert "  " not in name
    assert (
        ask("person_name", name.upper()).replace(" ", "").casefold()
        == name.upper().replace(" ", "").casefold()
        or not name.isascii()
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("440_SPIM1_20240131", "SPIM1"), ("440_SPIM1_2024-01-31", "SPIM1"),
        ("440-SmartSPIM1-2_20240131", "SmartSPIM12"), ("440_SPIM1_230101", "SPIM1"),
        ("440_SPIM1_260131", "SPIM1"), ("440_SPIM1_251231", "SPIM1"),
        ("440_SPIM1_220131", "440SPIM1220131"), ("440_SPIM1_270131", "440SPIM1270131"),
        ("440_SPIM1_26013", "440SPIM126013"), ("SPIM1_20240131", "SPIM120240131"),
        ("a-b_c", "abc"), ("", ""), (None, ""), ("_x_20240131", "x20240131"),
        ("440_SPIM1_20240131_x", "440SPIM120240131x"), ("440_SPIM1_20240131_2", "SPIM1"),
        ("440-SPIM1-2_2024-01-31_3", "SPIM12"), ("440_SPIM1_240131_10", "SPIM1"),
        ("440_SPIM1_20240131_2_3", "440SPIM12024013123"),
        ("440_SPIM1_20240131_", "440SPIM120240131"),
        ("440_SPIM1_20240131-2", "440SPIM1202401312"), ("440_SPIM1_2", "440SPIM12"),
    ],
)  # fmt: skip
def test_names_of_instruments(ask: Any, text: str | None, name: str) -> None:
    assert ask("instrument_name", text) == name


RAW = "2024-01-31_08-50-58"
PROCESSED = "2024-02-01_00-00-00"


@pytest.mark.parametrize(
    ("name", "first", "at_end"),
    [
        (f"451_{RAW}", RAW, RAW), (RAW, RAW, RAW), (f"451_{RAW}_nwb_{PROCESSED}", RAW, PROCESSED),
        (f"451_{RAW}_nwb", RAW, ""), (f"451_{RAW}_nwb_{PROCESSED} ", RAW, ""),
        (f"451_{RAW}\n", RAW, ""), ("451_2024-1-31_08-50-58", "", ""), ("451_2024-01-31", "", ""),
        ("451_2024-01-31T08:50:58", "", ""), ("", "", ""), (None, None, None),
        ("451_2024-13-31_08-50-58", "2024-13-31_08-50-58", "2024-13-31_08-50-58"),
    ],
)  # fmt: skip
def test_times_in_names(ask: Any, name: str | None, first: str | None, at_end: str | None) -> None:
    assert ask("time_in_name", name) == first
    assert ask("time_at_end_of_name", name) == at_end


@pytest.mark.parametrize(
    ("text", "time"),
    [
        (RAW, datetime(2024, 1, 31, 8, 50, 58)),
        ("2024-02-29_23-59-59", datetime(2024, 2, 29, 23, 59, 59)),
        ("2023-02-29_00-00-00", None), ("2024-13-31_08-50-58", None), ("2024-01-31_24-00-00", None),
        ("2024-01-31_08-60-00", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_times_from_names(ask: Any, text: str | None, time: datetime | None) -> None:
    assert ask("parse_time_in_name", text) == time


@pytest.mark.parametrize(
    ("text", "judgement"),
    [(" pASS ", "Pass"), ("FAIL", "Fail"), ("pending", "Pending"), ("Passed", "Passed"),
     ("PASS\n", "Pass"), ("\t\u2003fail\xa0\r\n\x0b", "Fail"), ("Fail\nsafe", "Fail\nsafe"),
     (" other ", " other "), ("", ""), (None, None)],
)  # fmt: skip
def test_judgements(ask: Any, text: str | None, judgement: str | None) -> None:
    assert ask("spelled", text) == judgement


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("a", True), ("", False), ("x" * 200, True), ("x" * 201, False), ("é" * 33, True),
     ("é" * 34, False), ("a\0b", False), ("a/b c", True), (None, None)],
)  # fmt: skip
def test_values_of_partitions(ask: Any, text: str | None, *, is_one: bool | None) -> None:
    assert bool(ask("is_partition_value", text)) is bool(is_one)


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        ((0, 0, 0), None), ((1, 0, 0), "Pass"), ((2, 1, 0), "Fail"), ((2, 0, 1), "Pending"),
        ((2, 1, 1), "Fail"), ((None, None, None), None),
    ],
)  # fmt: skip
def test_the_worst_status_counts(
    ask: Any, counts: tuple[int | None, ...], status: str | None
) -> None:
    names = ("metric_count", "fail_count", "pending_count")
    value = dict(zip(names, counts, strict=True))
    kind = "struct(metric_count integer, fail_count integer, pending_count integer)"
    assert ask("worst_status", value, kind) == status


def test_coordinates(ask: Any) -> None:
    kind = "struct(ap varchar, ml varchar, depth varchar)"
    for value, text in (
        ({"ap": "1.5", "ml": "2", "depth": "-3"}, "AP=1.5, ML=2.0, D=-3"),
        ({"ap": None, "ml": None, "depth": None}, "AP=?, ML=?, D=?"),
        ({"ap": "0", "ml": "-0.5", "depth": ""}, "AP=0, ML=-0.5, D="),
    ):
        assert ask("coordinates_text", value, kind) == text


@pytest.mark.parametrize(
    ("text", "kind", "as_text"),
    [
        ('{"a": 1}', "object", None), ('[1]', "array", None), ('"1.5"', "string", "1.5"),
        ("1", "integer", "1"), ("-1", "integer", "-1"), ("1.0", "decimal", "1.0"),
        ("1e5", "decimal", None), ("1E5", "decimal", None), ("true", "boolean", "true"),
        ("false", "boolean", "false"), ("null", None, None), (None, None, None),
        ('""', "string", ""), ("\n\t 7", "integer", None),
    ],
)  # fmt: skip
def test_kinds_of_json(ask: Any, text: str | None, kind: str | None, as_text: str | None) -> None:
    assert ask("json_type", text) == kind
    assert ask("json_is_null", text) is (kind is None)
    for name in ("object", "array", "string"):
        assert ask(f"json_is_{name}", text) is (None if text is None else kind == name)
    if as_text is not None or kind in {"object", "array", None}:
        assert ask("json_text", text) == as_text


@pytest.mark.parametrize(
    ("text", "whole", "of_name", "path", "path_of_name"),
    [
        ('{"a":1}', '{"a":1}', '{"a":1}', "p", "p"),
        ('[null,1,{"a":1},{"b":2}]', '{"a":1}', '{"a":1}', "p[2]", "p[2]"),
        ('["t",{"a":1}]', '{"a":1}', '{"name":"t"}', "p[1]", "p[0]"),
        ('"t"', None, '{"name":"t"}', "p", "p"),
        ("7", None, None, "p", "p"),
        (None, None, None, "p", "p"),
    ],
)
def test_the_object_that_a_value_stands_for(
    ask: Any, text: str | None, whole: str | None, of_name: str | None, path: str, path_of_name: str
) -> None:
    assert ask("json_object_text", text, "json") == whole
    assert ask("json_object_text_of_name", text, "json") == of_name
    of_funder_name = of_name and of_name.replace('{"name":"t"}', '{"funder":{"name":"t"}}')
    assert ask("json_object_text_of_funder_name", text, "json") == of_funder_name
    assert ask("json_object_path", text, "json") == path
    assert ask("json_object_path_of_name", text, "json") == path_of_name


@pytest.mark.parametrize(
    ("text", "first"), [("[null,{},2,3]", "2"), ("[]", None), ("[[1]]", None), (None, None)]
)
def test_the_first_element_that_can_be_used(ask: Any, text: str | None, first: str | None) -> None:
    assert ask("json_first", text, "json") == first


def test_lists_keep_what_has_a_value(ask: Any) -> None:
    assert ask("list_where", "a") == [{"f": "a"}, {"f": "b"}]
    assert ask("list_where", None) == [{"f": "b"}]


def test_json_from_a_text(ask: Any) -> None:
    assert ask("json_or_text", 'a"b') == '"a\\"b"'
    assert ask("json_is_valid", "{}")
    assert not ask("json_is_valid", "{")


def test_published_rows_sort_by_key_instant_and_the_rest_with_nulls_last(
    compiled: dict[str, str], duck: duckdb.DuckDBPyConnection
) -> None:
    rows = [
        ("a", "2024-01-31T23:00:00-08:00", 1),
        ("a", "2024-02-01T00:00:00+00:00", 2),
        ("a", "2024-02-01T00:00:00Z", 1),
        ("a", None, 1),
        ("b", "2024-01-01", 2),
        (None, "2024-01-01", 1),
        ("b", "2024-01-01", None),
    ]
    for given_rows in (rows, rows[::-1]):
        values = ", ".join(
            f"({', '.join('null' if v is None else repr(v) for v in row)})" for row in given_rows
        )
        order = compiled["sorted"]
        query = f'with rows (k, "at", n) as (values {values}) {order}'
        assert duck.execute(query).fetchall() == [
            ("a", "2024-02-01T00:00:00Z", 1),
            ("a", "2024-02-01T00:00:00+00:00", 2),
            ("a", "2024-01-31T23:00:00-08:00", 1),
            ("a", None, 1),
            ("b", "2024-01-01", 2),
            ("b", "2024-01-01", None),
            (None, "2024-01-01", 1),
        ]


def test_contents_of_a_key_are_other_ones_if_any_row_is(
    compiled: dict[str, str], duck: duckdb.DuckDBPyConnection
) -> None:
    """Also where values have one hash, or count as equal; the order of rows does not matter."""
    tables = [
        "('a', 0, null)",
        "('a', -0.0::double, null)",
        "('a', null, null)",
        "('a', 0, [])",
        "('a', 0, [null])",
        "('a', 0, [''])",
        "('a', 0, ['b', 'c'])",
        "('a', 0, ['c', 'b'])",
        "('a', 1, null), ('a', 2, null)",
        "('a', 1, null), ('a', 1, null)",
        "('a', 2, null), ('a', 2, null)",
    ]

    def contents(rows: str) -> list[Any]:
        typed = f"select k, n::double as n, l::varchar[] as l from (values {rows}) as t (k, n, l)"
        query = f"with rows as ({typed}) {compiled['contents_by_key']} order by all"
        return duck.execute(query).fetchall()

    assert len({str(contents(rows)) for rows in tables}) == len(tables)
    both = contents("('b', 1, null), ('a', 2, ['x']), ('b', 3, null)")
    assert both == contents("('b', 3, null), ('b', 1, null), ('a', 2, ['x'])")
    assert [row[:2] for row in both] == [("a", 1), ("b", 2)]


def test_a_file_of_a_table_has_its_fingerprint(
    duck: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Parquet keeps a value once, and takes 0 and -0 for one."""
    types = {"k": "VARCHAR", "n": "DOUBLE", "l": "VARCHAR[]"}
    columns = [ColumnEntry(name, type=kind) for name, kind in types.items()]
    rows = ["('a', 0, null)", "('a', -0.0::double, [])", "('a', 0, [null])", "(null, 1, ['b'])"]
    path = str(tmp_path / "rows.parquet")
    fingerprints = []
    for count in range(1, len(rows) + 1):
        duck.execute(
            "create or replace temp table table_of_rows as "
            "select k, n::double as n, l::varchar[] as l "
            f"from (values {', '.join(rows[:count])}) as t (k, n, l)"
        )
        duck.execute(f"copy table_of_rows to '{path}' (format parquet)")
        for source in ("table_of_rows", f"read_parquet('{path}')"):
            query = f"select {fingerprint(columns)} from {source}"
            fingerprints.append(duck.execute(query).fetchall())
    assert fingerprints[::2] == fingerprints[1::2]
    assert len({str(each) for each in fingerprints}) == len(rows)


def test_a_path_is_a_pattern_of_itself_alone(compiled: dict[str, str]) -> None:
    assert compiled["path_literal"] == "'a''b[[]1][*][?]'"
