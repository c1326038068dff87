"""Converts results of DuckDB to DataFrames, with the same dtypes with and without pyarrow.

With pyarrow, most columns are converted by Arrow, which is several times as fast.
"""

from __future__ import annotations

import functools
import re
from importlib import util
from typing import TYPE_CHECKING, Any

from biodata_cache._core import messages as _messages
from biodata_cache._reader.filters.scalars import INSTANT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import duckdb
    import pandas as pd
    import pyarrow as pa

# More than most tables have: with one batch, a column is one chunk.
ROWS_AT_ONCE = 1_000_000
# Types that Arrow and DuckDB convert alike; integers and booleans need nullable dtypes.
_INTEGER_OR_BOOLEAN = re.compile(r"U?(TINY|SMALL|BIG)?INT(EGER)?|BOOLEAN")
_SAME_IN_ARROW = {"VARCHAR", "VARCHAR[]", "DOUBLE", "FLOAT", "TIMESTAMP", INSTANT}


def frame(
    duck: duckdb.DuckDBPyConnection,
    query: str,
    values: Mapping[str, object] | Sequence[object] | None = None,
    types: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """The result of a query as a DataFrame.

    The query is executed as a whole, as a DuckDB relation would hold the GIL while it waits for a
    server.

    Args:
        duck: The connection, in the time zone UTC.
        query: One statement.
        values: Values of its parameters.
        types: DuckDB types by column, if they are known.
    """
    if has_arrow():
        result = duck.execute(query, values)
        described = [(str(name), str(kind)) for name, kind, *_ in result.description or ()]
        names = _unique_names([name for name, _ in described])
        table = result.arrow(ROWS_AT_ONCE).read_all()
        return _frame(names, _series_by_arrow(duck, table, [kind for _, kind in described]))
    if types is None:
        *first, query = statements(duck, query)
        for statement in first:
            duck.execute(statement)
        described = _described(duck, query, values)
    else:
        described = list(types.items())
    if any(kind == INSTANT for _, kind in described):
        result = duck.execute(_without_zones(query, described), values)
    else:
        result = duck.execute(query, values)
        described = [(str(name), str(kind)) for name, kind, *_ in result.description or ()]
    names = _unique_names([name for name, _ in described])
    return _frame(names, _series_by_duckdb(result, [kind for _, kind in described]))


def frame_of_file(path: str, types: Mapping[str, str]) -> pd.DataFrame | None:
    """Columns of a file as `frame` returns them, read without DuckDB, which takes time to import.

    None if pyarrow cannot read it, or converts a type in another way.
    """
    if not all(kind in _SAME_IN_ARROW or _is_countable(kind) for kind in types.values()):
        return None
    table = arrow_of_file(path, types)
    if table is None:
        return None
    try:
        return _frame(list(types), _series_by_arrow(None, table, list(types.values())))
    except UnicodeDecodeError:
        return None  # DuckDB reports what is wrong


def arrow_of_file(path: str, types: Mapping[str, str]) -> pa.Table | None:
    """Columns of a file, read by pyarrow; None if it cannot read it, or is not installed.

    pyarrow decodes the columns in parallel, DuckDB one after the other.
    """
    if not has_arrow():
        return None
    import pyarrow as pa  # noqa: PLC0415  # need not be there
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        with pq.ParquetFile(path) as file:
            table = file.read(columns=list(types))
    except (OSError, pa.ArrowException):
        return None  # DuckDB reads it, or reports what is wrong
    return table.select(list(types)) if set(types) <= set(table.column_names) else None


def _frame(names: Sequence[str], columns: Sequence[pd.Series[Any]]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415  # not before it is needed

    return pd.DataFrame(dict(zip(names, columns, strict=True)), columns=list(names), copy=False)


def arrow(
    duck: duckdb.DuckDBPyConnection, query: str, values: Mapping[str, object] | None = None
) -> pa.Table:
    """The result of a query as an Arrow table."""
    return duck.execute(query, values).arrow(ROWS_AT_ONCE).read_all()


def has_arrow() -> bool:
    """Whether pyarrow is installed; reading is faster with it."""
    return util.find_spec("pyarrow") is not None


def _unique_names(names: Sequence[str]) -> list[str]:
    """The names with a number appended to repeated ones, as DuckDB does it.

    Example:
        >>> _unique_names(["name", "name", "status"])
        ['name', 'name_1', 'status']
    """
    unique: list[str] = []
    for name in names:
        number, other = 0, name
        while other in unique:
            number += 1
            other = f"{name}_{number}"
        unique.append(other)
    return unique


def statements(duck: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    """The statements of a query without semicolons; the query itself if DuckDB gives no texts."""
    # The text of a statement has no semicolon if another statement follows.
    *some, _ = duck.extract_statements(f"{query}\n; select 1")
    texts = [statement.query for statement in some]
    if not all(texts):  # DuckDB expands some statements into several without texts
        return [query]
    return texts


def _described(
    duck: duckdb.DuckDBPyConnection,
    query: str,
    values: Mapping[str, object] | Sequence[object] | None,
) -> list[tuple[str, str]]:
    """Name and DuckDB type of each column; empty for a statement that cannot be described."""
    import duckdb  # noqa: PLC0415  # not before it is needed

    try:
        rows = duck.execute(f"describe {query}", values).fetchall()
    except duckdb.Error:  # executing the statement reports the error
        return []
    return [(row[0], row[1]) for row in rows]


def _without_zones(query: str, described: Sequence[tuple[str, str]]) -> str:
    """The query with its timestamps cast to UTC without a time zone.

    DuckDB converts timestamps with a zone by deprecated functions of pandas. Columns are selected
    by position, because DuckDB ignores the case of names.
    """
    selected = ", ".join(
        f"cast(#{position} as timestamp)" if kind == INSTANT else f"#{position}"
        for position, (_, kind) in enumerate(described, start=1)
    )
    return f"select {selected} from (\n{query}\n) as result"


def _series_by_duckdb(
    result: duckdb.DuckDBPyConnection, kinds: Sequence[str]
) -> list[pd.Series[Any]]:
    """The columns as DuckDB converts them, with the dtypes of `_series_by_arrow`."""
    whole = result.df()
    columns = [whole.iloc[:, position] for position in range(len(whole.columns))]
    return [_with_stable_dtype(column, kind) for column, kind in zip(columns, kinds, strict=True)]


def _with_stable_dtype(column: pd.Series[Any], kind: str) -> pd.Series[Any]:
    """The column with the dtype that its DuckDB type always has here."""
    import pandas as pd  # noqa: PLC0415  # not before it is needed

    stable = column
    if kind == INSTANT:
        # The result of a statement that cannot be described has its zone already.
        is_zoned = isinstance(column.dtype, pd.DatetimeTZDtype)
        stable = column if is_zoned else column.dt.tz_localize("UTC")
    elif kind.endswith("]") or kind.startswith(("MAP", "STRUCT")):
        # Missing lists as None: `if row.modalities:` fails on NA.
        stable = column.where(column.notna(), None)
    elif (kind == "VARCHAR" or kind.startswith("ENUM")) and column.dtype != _text_dtype():
        # pandas 3 has a string dtype, which columns without any value do not get.
        stable = column.astype(_text_dtype())
    return stable


@functools.cache
def _text_dtype() -> Any:  # noqa: ANN401  # of pandas or numpy
    import pandas as pd  # noqa: PLC0415  # not before it is needed

    return pd.Series(["text"]).dtype


def _series_by_arrow(
    duck: duckdb.DuckDBPyConnection | None, rows: pa.Table, kinds: Sequence[str]
) -> list[pd.Series[Any]]:
    """The columns as Arrow converts them, or DuckDB where Arrow's conversion differs."""
    import pyarrow as pa  # noqa: PLC0415  # need not be there

    rows = rows.rename_columns([str(position) for position in range(len(kinds))])
    straight, missing, others = [], [], []
    for position, kind in enumerate(kinds):
        if kind in _SAME_IN_ARROW or (_is_countable(kind) and not rows[position].null_count):
            straight.append(str(position))
        elif _is_countable(kind):
            missing.append(str(position))
        else:
            others.append(str(position))
    parts: dict[object, pd.Series[Any]] = {}
    if straight:
        parts |= dict(rows.select(straight).to_pandas(use_threads=False).items())
    if missing:
        parts |= dict(rows.select(missing).to_pandas(types_mapper=_nullable_dtypes(pa)).items())
    if duck is not None and others:
        for name, column in duck.from_arrow(rows.select(others)).df().items():
            parts[name] = _with_stable_dtype(column, kinds[int(str(name))])
    return [parts[str(position)] for position in range(len(kinds))]


def _is_countable(kind: str) -> bool:
    """Whether a DuckDB type is one of integers or booleans."""
    return _INTEGER_OR_BOOLEAN.fullmatch(kind) is not None


def _nullable_dtypes(pa: Any) -> Any:  # noqa: ANN401  # pyarrow has no types
    """The nullable pandas dtype of an Arrow type, as a `types_mapper`."""
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


# DataFrames of the caller -----------------------------------------------------------------------

_NAME = re.compile(r"[A-Za-z_]\w*")


def frames_named(query: str) -> Iterator[tuple[str, Any]]:
    """DataFrames of the calling function or its module whose variable names occur in a query."""
    frame, _ = _messages.caller()
    for name in dict.fromkeys(_NAME.findall(query)):
        value = frame.f_locals.get(name, frame.f_globals.get(name))
        readable = _as_frame(value)
        if readable is not None:
            yield name, readable


def _as_frame(value: object) -> Any:  # noqa: ANN401  # of whatever library
    """The value as DuckDB can register it as a table; None if it is not a frame."""
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
