"""Rows of DuckDB as a DataFrame whose dtypes do not depend on how they got there.

With pyarrow, most columns go by way of Arrow, which is several times as fast. What comes out is the
same without it.
"""

from __future__ import annotations

import functools
import re
from importlib import util
from typing import TYPE_CHECKING, Any

import duckdb

from biodata_cache._core import messages as _messages
from biodata_cache._reader.filters.conditions import INSTANT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    import pyarrow as pa

# As many rows as a table has: of one batch, a column is one piece.
ROWS_AT_ONCE = 1_000_000
# Types of which Arrow and DuckDB make the same; integers and flags have dtypes for missing values.
_COUNTED = re.compile(r"U?(TINY|SMALL|BIG)?INT(EGER)?|BOOLEAN")
_STRAIGHT = {"VARCHAR", "VARCHAR[]", "DOUBLE", "FLOAT", "TIMESTAMP", INSTANT}


def frame(
    duck: duckdb.DuckDBPyConnection,
    query: str,
    values: Mapping[str, object] | Sequence[object] | None = None,
    types: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """What a query gives.

    The query is executed as a whole: DuckDB's relations keep other threads of Python waiting while
    they wait for a server.

    Args:
        duck: Where to execute it, in the time zone UTC.
        query: One statement.
        values: Values of its parameters.
        types: DuckDB types by column, if they are known.
    """
    if has_arrow():
        result = duck.execute(query, values)
        described = [(str(name), str(kind)) for name, kind, *_ in result.description or ()]
        names = _told_apart([name for name, _ in described])
        table = result.arrow(ROWS_AT_ONCE).read_all()
        return _frame(names, _by_arrow(duck, table, [kind for _, kind in described]))
    if types is None:
        query = _last_statement(duck, query)
        described = _described(duck, query, values)
    else:
        described = list(types.items())
    if any(kind == INSTANT for _, kind in described):
        result = duck.execute(_without_zones(query, described), values)
    else:
        result = duck.execute(query, values)
        described = [(str(name), str(kind)) for name, kind, *_ in result.description or ()]
    names = _told_apart([name for name, _ in described])
    return _frame(names, _by_duckdb(result, [kind for _, kind in described]))


def frame_of_file(
    duck: duckdb.DuckDBPyConnection, path: str, types: Mapping[str, str]
) -> pd.DataFrame | None:
    """Columns of a file as `frame` gives them, read by Arrow itself; None where it cannot."""
    table = arrow_of_file(path, types)
    if table is None:
        return None
    return _frame(list(types), _by_arrow(duck, table, list(types.values())))


def arrow_of_file(path: str, types: Mapping[str, str]) -> pa.Table | None:
    """Columns of a file, read by Arrow itself; None where it cannot.

    It decodes all columns at once, DuckDB one after the other: twice as fast on two processors.
    """
    if not has_arrow():
        return None
    import pyarrow as pa  # noqa: PLC0415  # need not be there
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        with pq.ParquetFile(path) as file:
            table = file.read(columns=list(types))
    except (OSError, pa.ArrowException):
        return None  # DuckDB may find it right, or else says what is wrong
    return table.select(list(types)) if set(types) <= set(table.column_names) else None


def _frame(names: Sequence[str], columns: Sequence[pd.Series[Any]]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415  # not before it is needed

    return pd.DataFrame(dict(zip(names, columns, strict=True)), columns=list(names), copy=False)


def arrow(
    duck: duckdb.DuckDBPyConnection, query: str, values: Mapping[str, object] | None = None
) -> pa.Table:
    """What a query gives, as a table of Arrow."""
    return duck.execute(query, values).arrow(ROWS_AT_ONCE).read_all()


@functools.cache
def has_arrow() -> bool:
    """Whether pyarrow is there, which reading does not need but is faster with."""
    return util.find_spec("pyarrow") is not None


def _told_apart(names: Sequence[str]) -> list[str]:
    """The names, each once, as DuckDB tells equal ones apart.

    Example:
        >>> _told_apart(["name", "name", "status"])
        ['name', 'name_1', 'status']
    """
    told: list[str] = []
    for name in names:
        number, other = 0, name
        while other in told:
            number += 1
            other = f"{name}_{number}"
        told.append(other)
    return told


def _last_statement(duck: duckdb.DuckDBPyConnection, query: str) -> str:
    """The last statement, without what ends it; those before it are executed."""
    # Of a statement with another one after it, the text is without the semicolon.
    *statements, _ = duck.extract_statements(f"{query}\n; select 1")
    texts = [statement.query for statement in statements]
    if not all(texts):  # some are several statements to DuckDB, which then have no texts
        return query
    for text in texts[:-1]:
        duck.execute(text)
    return texts[-1]


def _described(
    duck: duckdb.DuckDBPyConnection,
    query: str,
    values: Mapping[str, object] | Sequence[object] | None,
) -> list[tuple[str, str]]:
    """Name and DuckDB type of each column; empty for a statement that cannot be described."""
    try:
        rows = duck.execute(f"describe {query}", values).fetchall()
    except duckdb.Error:  # of the statement itself, then
        return []
    return [(row[0], row[1]) for row in rows]


def _without_zones(query: str, described: Sequence[tuple[str, str]]) -> str:
    """The query with its times in UTC, but without saying so.

    DuckDB gives times with a zone to pandas by ways that pandas has deprecated. Columns go by their
    position: to DuckDB, names that differ in case only are the same.
    """
    selected = ", ".join(
        f"cast(#{position} as timestamp)" if kind == INSTANT else f"#{position}"
        for position, (_, kind) in enumerate(described, start=1)
    )
    return f"select {selected} from (\n{query}\n) as found"


def _by_duckdb(result: duckdb.DuckDBPyConnection, kinds: Sequence[str]) -> list[pd.Series[Any]]:
    """The columns as DuckDB gives them to pandas, where that is what Arrow does, too."""
    whole = result.df()
    found = [whole.iloc[:, position] for position in range(len(whole.columns))]
    return [_settled(column, kind) for column, kind in zip(found, kinds, strict=True)]


def _settled(column: pd.Series[Any], kind: str) -> pd.Series[Any]:
    """The column with the one dtype that its type has."""
    import pandas as pd  # noqa: PLC0415  # not before it is needed

    settled = column
    if kind == INSTANT:
        # What cannot be described comes with its zone.
        is_zoned = isinstance(column.dtype, pd.DatetimeTZDtype)
        settled = column if is_zoned else column.dt.tz_localize("UTC")
    elif kind.endswith("]") or kind.startswith(("MAP", "STRUCT")):
        # `if row.modalities:` fails on the NA that DuckDB puts here.
        settled = column.where(column.notna(), None)
    elif (kind == "VARCHAR" or kind.startswith("ENUM")) and column.dtype != _text_dtype():
        # pandas 3 has a dtype for text, which columns without any text do not get.
        settled = column.astype(_text_dtype())
    return settled


@functools.cache
def _text_dtype() -> Any:  # noqa: ANN401  # of pandas or numpy
    import pandas as pd  # noqa: PLC0415  # not before it is needed

    return pd.Series(["text"]).dtype


def _by_arrow(
    duck: duckdb.DuckDBPyConnection, rows: pa.Table, kinds: Sequence[str]
) -> list[pd.Series[Any]]:
    """The columns by way of Arrow; those of which it makes something else, by DuckDB's own way."""
    import pyarrow as pa  # noqa: PLC0415  # need not be there

    rows = rows.rename_columns([str(position) for position in range(len(kinds))])
    straight, missing, others = [], [], []
    for position, kind in enumerate(kinds):
        if kind in _STRAIGHT or (_COUNTED.fullmatch(kind) and not rows[position].null_count):
            straight.append(str(position))
        elif _COUNTED.fullmatch(kind):
            missing.append(str(position))
        else:
            others.append(str(position))
    parts: dict[object, pd.Series[Any]] = {}
    if straight:
        parts |= dict(rows.select(straight).to_pandas(use_threads=False).items())
    if missing:
        parts |= dict(rows.select(missing).to_pandas(types_mapper=_with_missing(pa)).items())
    if others:
        for name, column in duck.from_arrow(rows.select(others)).df().items():
            parts[name] = _settled(column, kinds[int(str(name))])
    return [parts[str(position)] for position in range(len(kinds))]


def _with_missing(pa: Any) -> Any:  # noqa: ANN401  # pyarrow has no types
    """Dtypes of pandas that have a value for missing ones, by Arrow's types."""
    import pandas as pd  # noqa: PLC0415  # not before it is needed

    dtypes = {
        pa.int8(): pd.Int8Dtype(),
        pa.int16(): pd.Int16Dtype(),
        pa.int32(): pd.Int32Dtype(),
        pa.int64(): pd.Int64Dtype(),
        pa.uint8(): pd.UInt8Dtype(),
        pa.uint16(): pd.UInt16Dtype(),
        pa.uint32(): pd.UInt32Dtype(),
        pa.uint64(): pd.UInt64Dtype(),
        pa.bool_(): pd.BooleanDtype(),
    }
    return dtypes.get


# DataFrames of whoever calls --------------------------------------------------------------------

_NAME = re.compile(r"[A-Za-z_]\w*")


def frames_named(query: str) -> Iterator[tuple[str, Any]]:
    """The frames whose names are in a query: of the caller's function, or of its module.

    Args:
        query: A statement of SQL.
    """
    frame, _ = _messages.caller()
    for name in dict.fromkeys(_NAME.findall(query)):
        value = frame.f_locals.get(name, frame.f_globals.get(name))
        found = _as_frame(value)
        if found is not None:
            yield name, found


def _as_frame(value: object) -> Any:  # noqa: ANN401  # of whatever library
    """What DuckDB can take as a table; None if it is nothing like that."""
    kind = type(value)
    if any(each.__name__ == "DataFrame" and _home(each) == "pandas" for each in kind.__mro__):
        return value
    home = _home(kind)
    if home == "pyarrow" and kind.__name__ in {"Table", "RecordBatch", "RecordBatchReader"}:
        return value
    if home == "polars" and kind.__name__ == "DataFrame":
        return value.to_arrow()  # type: ignore[attr-defined]  # of polars
    return None


def _home(kind: type) -> str:
    """The package that a type is of."""
    return str(kind.__module__).partition(".")[0]
