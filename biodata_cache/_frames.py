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
import pandas as pd

from biodata_cache._contract import quoted
from biodata_cache._filters import INSTANT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    if types is None:
        types = {} if has_arrow() else _described(duck, query, values)
    if not has_arrow():
        query = _without_zones(query, types)
    result = duck.execute(query, values)
    described = [(str(name), str(kind)) for name, kind, *_ in result.description or ()]
    names = _told_apart([name for name, _ in described])
    kinds = [types.get(name, kind) for name, (_, kind) in zip(names, described, strict=True)]
    found = _by_arrow(duck, result, kinds) if has_arrow() else _by_duckdb(result, kinds)
    text = pd.Series(["text"]).dtype
    columns = [_settled(column, kind, text) for column, kind in zip(found, kinds, strict=True)]
    return pd.DataFrame(dict(zip(names, columns, strict=True)), columns=names, copy=False)


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


def _settled(column: pd.Series[Any], kind: str, text: Any) -> pd.Series[Any]:  # noqa: ANN401
    """The column with the one dtype that its type has."""
    if kind == INSTANT and column.dt.tz is None:
        zoned: pd.Series[Any] = column.dt.tz_localize("UTC")
        return zoned
    if kind == "VARCHAR" and column.dtype != text:
        # pandas 3 has a dtype for text, which columns without any text do not get.
        return column.astype(text)
    if kind.endswith("]") or kind.startswith(("MAP", "STRUCT")):
        # `if row.modalities:` fails on the NA that DuckDB puts here.
        plain: pd.Series[Any] = column.where(column.notna(), None)
        return plain
    return column


def _described(
    duck: duckdb.DuckDBPyConnection,
    query: str,
    values: Mapping[str, object] | Sequence[object] | None,
) -> dict[str, str]:
    """DuckDB type of each column; empty for a statement that has no description."""
    try:
        rows = duck.execute(f"describe {query}", values).fetchall()
    except duckdb.ParserException:
        return {}
    return dict(zip(_told_apart([row[0] for row in rows]), [row[1] for row in rows], strict=True))


def _without_zones(query: str, types: Mapping[str, str]) -> str:
    """The query with its times in UTC, but without saying so.

    DuckDB gives times with a zone to pandas by ways that pandas has deprecated.
    """
    if INSTANT not in types.values():
        return query
    selected = ", ".join(
        f"cast({quoted(name)} as timestamp) as {quoted(name)}" if kind == INSTANT else quoted(name)
        for name, kind in types.items()
    )
    return f"select {selected} from (\n{query}\n) as found"


def _by_duckdb(result: duckdb.DuckDBPyConnection, kinds: Sequence[str]) -> list[pd.Series[Any]]:
    """The columns as DuckDB gives them to pandas."""
    whole = result.df()
    return [whole.iloc[:, position] for position in range(len(kinds))]


def _by_arrow(
    duck: duckdb.DuckDBPyConnection, result: duckdb.DuckDBPyConnection, kinds: Sequence[str]
) -> list[pd.Series[Any]]:
    """The columns by way of Arrow; those of which it makes something else, by DuckDB's own way."""
    import pyarrow as pa  # noqa: PLC0415  # need not be there

    rows = result.arrow(ROWS_AT_ONCE).read_all()
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
        parts |= dict(duck.from_arrow(rows.select(others)).df().items())
    return [parts[str(position)] for position in range(len(kinds))]


def _with_missing(pa: Any) -> Any:  # noqa: ANN401  # pyarrow has no types
    """Dtypes of pandas that have a value for missing ones, by Arrow's types."""
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
