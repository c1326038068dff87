"""What the catalogue page shows of the rows of a table, computed from its objects when it is built.

All of it is exact and does not depend on the order of rows within a sort key or on the number of
threads, so that the same objects give the same statistics.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from biodata_cache._core.sqltext import parquet_of, pattern_of, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from biodata_cache._core.registry.entries import ColumnEntry

_MOST_VALUES = 20
"""Distinct values up to which a column is described by all of them."""
_BINS = 12
_MOST_BYTES = 64 * 2**20
"""Encoded size of a column of texts from which on only its missing values are counted."""
_LONGEST = 120
"""Characters after which a text is cut."""
_SAMPLE_ROWS, _SAMPLE_BYTES = 20, 6_000
_MOST_MONTHS, _MOST_SERIES = 60, 8

_FLOATS = {"FLOAT", "DOUBLE"}
_NUMBERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", *_FLOATS}
_INSTANTS = {"TIMESTAMP WITH TIME ZONE", "TIMESTAMP"}
_TIMES = {*_INSTANTS, "DATE"}
_EXACT = 2**53
"""Whole numbers from which on a browser rounds."""


def profile(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], columns: Sequence[ColumnEntry]
) -> dict[str, Any]:
    """Statistics of every column, the first rows, and the rows of each month; times are UTC."""
    source = parquet_of(files)
    return {
        "columns": _columns(connection, source, files, columns),
        "sample": _sample(connection, source, columns),
        "months": _months(connection, source, columns),
    }


# Columns ------------------------------------------------------------------------------------


def _columns(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    files: Sequence[Path],
    columns: Sequence[ColumnEntry],
) -> list[dict[str, Any]]:
    """Statistics of each column, in order."""
    texts = {
        name: nulls
        for name, size, nulls in connection.execute(
            "select path_in_schema, sum(total_uncompressed_size), sum(stats_null_count) "
            "from parquet_metadata(?) where type = 'BYTE_ARRAY' group by all "
            "having count(stats_null_count) = count(*)",
            [[pattern_of(str(file)) for file in files]],
        ).fetchall()
        if size > _MOST_BYTES
    }
    queries = [
        _missing(texts[column.name])
        if column.name in texts
        else _statistics(source, column.name, str(column.type))
        for column in columns
    ]
    rows = connection.execute(" union all ".join(f"({query})" for query in queries)).fetchall()
    return [
        _described(dict(zip(("missing", "distinct", "ends", "values", "bins"), row, strict=True)))
        for row in rows
    ]


def _missing(nulls: int) -> str:
    """The query of a column of long texts, whose files say how often it is missing."""
    return f"select {int(nulls)}, null, null, null, null"


def _statistics(source: str, name: str, kind: str) -> str:
    """The query of the statistics of one column.

    Of a list, the distinct, smallest and largest are its elements.
    """
    column = quoted(name)
    element = f"unnest({column})" if kind.endswith("[]") else column
    kind = kind.removesuffix("[]")
    # 0.0 and -0.0 are one group: which of them it shows must not be left open.
    value = "case when value = 0 then 0.0 else value end" if kind in _FLOATS else "value"
    text = _text("value", kind)
    finite = "isfinite(value)" if kind in {*_TIMES, *_FLOATS} else "true"
    number = _number("value", kind)
    bins = "null"
    if number is not None:
        bin_number = f"({number} - low) / (high - low) * {_BINS}"
        bins = f"""(
            select list([bin, rows] order by bin)
            from (
                select
                    least(cast(floor({bin_number}) as bigint), {_BINS - 1}) as bin,
                    cast(sum(rows) as bigint) as rows
                from
                    present,
                    (
                        select
                            min({number}) filter ({finite}) as low,
                            max({number}) filter ({finite}) as high
                        from present
                    )
                where {finite} and high > low and isfinite(high - low)
                group by all
            )
        )"""
    return f"""
        with present as (
            select {value} as value, count(*) as rows
            from (select {element} as value from {source})
            where value is not null
            group by all
        )

        select
            (select count(*) - count({column}) from {source}),
            (select count(*) from present),
            (
                select [{_text("min(value)", kind)}, {_text("max(value)", kind)}]
                from present
                where {finite}
            ),
            (
                select list([{text}, cast(rows as varchar)] order by rows desc, value)
                from (from present order by rows desc, value limit {_MOST_VALUES + 1})
            ),
            {bins}
    """


def _number(value: str, kind: str) -> str | None:
    """A number of which the histogram is made; None if the type has no order of numbers."""
    if kind in _NUMBERS:
        return f"cast({value} as double)"
    if kind in _TIMES:
        return f"cast(epoch_us(cast({value} as timestamp)) as double)"
    return None


def _text(value: str, kind: str) -> str:
    """A value as the page shows it: a time without the zeros of its fraction, in UTC."""
    if kind in _INSTANTS:
        whole = f"strftime({value}, '%Y-%m-%d %H:%M:%S.%f')"
        return f"rtrim(rtrim({whole}, '0'), '.')"
    return f"cast({value} as varchar)"


def _described(row: dict[str, Any]) -> dict[str, Any]:
    """The statistics as the page reads them, without empty ones."""
    made = {"missing": row["missing"]}
    if row["distinct"] is not None:
        made["distinct"] = row["distinct"]
    smallest, largest = row["ends"] or (None, None)
    if smallest is not None and largest is not None:
        made |= {"smallest": _cut(smallest), "largest": _cut(largest)}
    values = row["values"] or []
    is_short = all(len(value) <= _LONGEST for value, _ in values)
    if values and len(values) <= _MOST_VALUES and is_short:
        made["values"] = [[value, int(rows)] for value, rows in values]
    if row["bins"]:
        counts = dict(row["bins"])
        made["bins"] = [counts.get(number, 0) for number in range(_BINS)]
    return made


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


# First rows ---------------------------------------------------------------------------------


def _sample(
    connection: duckdb.DuckDBPyConnection, source: str, columns: Sequence[ColumnEntry]
) -> list[list[Any]]:
    """The first rows, as many as fit."""
    shown = ", ".join(_shown(column) for column in columns)
    rows = connection.execute(f"select {shown} from {source} limit {_SAMPLE_ROWS}").fetchall()
    sample: list[list[Any]] = []
    left = _SAMPLE_BYTES
    for row in rows:
        values = [_value(value) for value in row]
        left -= len(json.dumps(values, ensure_ascii=False).encode())
        if left < 0 and sample:
            break
        sample.append(values)
    return sample


def _shown(column: ColumnEntry) -> str:
    kind, name = str(column.type), quoted(column.name)
    plain = {"VARCHAR", "VARCHAR[]", "BOOLEAN", *_NUMBERS}
    return name if kind in plain else _text(name, kind)


def _value(value: Any) -> Any:  # noqa: ANN401  # whatever a column holds
    """A value as JSON that a browser reads without loss, its texts cut."""
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, list):
        return [_value(each) for each in value]
    is_exact = not isinstance(value, (int, float)) or (math.isfinite(value) and abs(value) < _EXACT)
    return value if is_exact else str(value)


# Months -------------------------------------------------------------------------------------


def _months(
    connection: duckdb.DuckDBPyConnection, source: str, columns: Sequence[ColumnEntry]
) -> dict[str, Any] | None:
    """Rows of each month by platform, of the first column with times; None if there is none."""
    time = next((column for column in columns if _is_time(column)), None)
    if time is None:
        return None
    kinds = {column.name: str(column.type) for column in columns}
    by = next((name for name in ("platform", "platforms") if name in kinds), None)
    name = quoted(time.name)
    month = f"strftime({name}, '%Y-%m')" if time.type in _TIMES else f"left({name}, 7)"
    series = "null" if by is None else quoted(by)
    if by is not None and kinds[by].endswith("[]"):
        series = f"unnest(case when len({series}) > 0 then {series} else [null] end)"
    rows = connection.execute(
        f"""
        select month, series, count(*)
        from (select {month} as month, {series} as series from {source})
        where regexp_full_match(month, '[0-9]{{4}}-(0[1-9]|1[0-2])')
        group by all
        order by all
        """
    ).fetchall()
    if not rows:
        return None
    every = sorted({month for month, _, _ in rows})
    months = every[-_MOST_MONTHS:]
    totals: dict[str | None, int] = {}
    for _, series, count in rows:
        totals[series] = totals.get(series, 0) + count
    named = sorted((each for each in totals if each), key=lambda each: (-totals[each], each))
    kept = named[:_MOST_SERIES]
    counts: dict[str, list[int]] = {}
    for month, series, count in rows:
        if month in months:
            label = series if series in kept else ("other" if series else "")
            line = counts.setdefault(label, [0] * len(months))
            line[months.index(month)] += count
    order = [*kept, "other", ""]
    return {
        "column": time.name,
        "by": by,
        "months": months,
        "earlier": sum(count for month, _, count in rows if month not in months),
        "series": sorted(counts.items(), key=lambda item: order.index(item[0])),
    }


def _is_time(column: ColumnEntry) -> bool:
    """Whether a column holds times; some tables keep them as texts, for their readers."""
    if column.type in _TIMES:
        return True
    is_named_so = re.search(r"(^|_)(time|date|datetime|timestamp)$", column.name) is not None
    return column.type == "VARCHAR" and is_named_so
