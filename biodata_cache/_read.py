"""Parquet files into DataFrames: the one place where reading meets DuckDB."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import util
from typing import TYPE_CHECKING, TypeVar

import duckdb
import pandas as pd
from duckdb import ConstantExpression

from biodata_cache import _messages, _published
from biodata_cache._contract import quoted
from biodata_cache._errors import AccessError, ArgumentError, CacheFileError, UnreachableError
from biodata_cache._registry import REMEDY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from biodata_cache._errors import CacheError
    from biodata_cache._published import PublishedCache
    from biodata_cache._registry import CacheRegistry, TableEntry

_Result = TypeVar("_Result")

_INSTANT = "TIMESTAMP WITH TIME ZONE"
_ATTEMPTS = 8
_DENIED = {401, 403}
_SERVER_FAILED = 500


def table(
    name: str,
    *,
    partition: str | None = None,
    asset_names: Iterable[str] | None = None,
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """A published table, or one partition of it.

    Args:
        name: Name of the table.
        partition: Value of its partition key; None for the whole table.
        asset_names: Values of the column `asset_name` to keep; None for all.
        columns: Columns to read, in this order; None for all.

    Raises:
        CacheError: The table cannot be read; the message says why and what to do.
    """
    wanted_names = None if asset_names is None else list(asset_names)

    def read(cache: PublishedCache, registry: CacheRegistry) -> pd.DataFrame:
        entry = registry[name]
        files = cache.files(entry, partition)
        with connection(cache, files) as duck:
            if not files:
                return as_frame(duck, _empty(duck, entry), columns=columns)
            scan = _scan(entry, files)
            if wanted_names is not None:
                scan = _kept(scan, wanted_names)
            return as_frame(duck, scan, columns=columns)

    return consistently(read)


def consistently(read: Callable[[PublishedCache, CacheRegistry], _Result]) -> _Result:
    """What a read gives, from one state of the published cache.

    A publish may remove or replace a file after the registry was read: then the registry is another
    one by now, or DuckDB has noticed, and the read begins again.

    Raises:
        CacheFileError: A file is missing or damaged, whatever was published meanwhile.
    """
    cache = _published.find()
    registry = cache.registry()
    for attempt in range(_ATTEMPTS):
        try:
            return read(cache, registry)
        except CacheFileError as error:  # noqa: PERF203  # next to a read that costs nothing
            before, registry = registry, cache.registry()
            changed = registry != before or isinstance(error, ChangedError)
            if not changed or attempt == _ATTEMPTS - 1:
                raise
            time.sleep(0.05 * 2**attempt)
    raise AssertionError  # the last attempt returns or raises


class ChangedError(CacheFileError):
    """An object was replaced between two requests for parts of it."""


@contextmanager
def connection(cache: PublishedCache, files: Sequence[str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own, in UTC, for reading these files.

    One per call: threads share nothing, and the settings of the caller's own connections neither
    matter nor change.

    Raises:
        AccessError: The files may not be read.
        CacheFileError: DuckDB could not read the files.
        UnreachableError: The server of the files does not answer.
    """
    with cache.store.engine() as duck:
        duck.execute("set TimeZone = 'UTC'")
        # DuckDB opens a file more than once: for its end, and again for its columns.
        before = cache.store.tags(files)
        try:
            yield duck
        except (duckdb.Error, UnicodeDecodeError) as error:
            if cache.store.tags(files) != before:
                raise _changed(files) from error
            raise _as_cache_error(error, files) from error
        if cache.store.tags(files) != before:
            raise _changed(files)


def _changed(files: Sequence[str]) -> ChangedError:
    return ChangedError(
        f"{_messages.few(list(files))} changed while it was read. Read again when the publish at "
        "work has ended."
    )


def _as_cache_error(error: Exception, files: Sequence[str]) -> CacheError:
    """Our error for one of DuckDB's."""
    reason = str(error).partition("\n")[0]
    places = _messages.few(list(files))
    status = int(getattr(error, "status_code", 0) or 0)
    if status in _DENIED:
        return AccessError(
            f"{places} may not be read ({reason}). Choose credentials that may, for example with "
            "AWS_PROFILE."
        )
    if "Could not connect" in reason or "Timeout" in reason or status >= _SERVER_FAILED:
        return UnreachableError(
            f"{places} cannot be read: the server does not answer ({reason}). Look at the network, "
            "and at AWS_ENDPOINT_URL if it is set."
        )
    return CacheFileError(f"{places} cannot be read ({reason}). {REMEDY}")


def text_argument(name: str, value: object) -> str:
    """The argument, if it is a text.

    Raises:
        ArgumentError: It is something else, for example a number.
    """
    if isinstance(value, str):
        return str(value)
    raise ArgumentError(
        f"{name} must be a text, not {value!r} ({type(value).__name__}): give it as it stands in "
        "the record, in quotes. '0451' and '451' are two different texts."
    )


def text_arguments(name: str, values: str | Iterable[str]) -> list[str]:
    """The arguments, if they are texts; a single text counts as a list of one.

    Raises:
        ArgumentError: They are something else.
    """
    if isinstance(values, str):
        return [str(values)]
    if not isinstance(values, Iterable):
        raise ArgumentError(f"{name} must be a text or a list of texts, not {values!r}.")
    return [text_argument(f"each of {name}", value) for value in values]


@dataclass(frozen=True)
class Scan:
    """Rows that are to be read.

    Attributes:
        source: SQL after `from`.
        values: Values of its parameters.
        types: DuckDB types by column, if they are known without looking into the files.
    """

    source: str
    values: dict[str, object] = field(default_factory=dict)
    types: dict[str, str] | None = None


def _scan(entry: TableEntry, files: Sequence[str]) -> Scan:
    """All rows of the files, in the order of the files."""
    # The key is a column of the files; from the folder's name its type would be guessed.
    # We publish no partitions that differ. Those of older publishers, who name no build, had the
    # types that each happened to show: then every file is looked at before the first is read.
    is_ours = entry.build_id is not None
    return Scan(
        "read_parquet($files, hive_partitioning = false, "
        f"union_by_name = {'false' if is_ours else 'true'})",
        {"files": list(files)},
        _known_types(entry) if is_ours else None,
    )


def _known_types(entry: TableEntry) -> dict[str, str] | None:
    """Types as the registry has them: to ask the file is a request more."""
    types = {column.name: column.type for column in entry.columns if column.type is not None}
    return types if len(types) == len(entry.columns) else None


def _empty(duck: duckdb.DuckDBPyConnection, entry: TableEntry) -> Scan:
    """No rows, with the columns that the registry lists: for a table without any partition."""
    columns = [
        ConstantExpression(None).cast(duck.dtype(column.type or "VARCHAR")).alias(column.name)
        for column in entry.columns
    ]
    duck.sql("select 1").select(*columns).limit(0).create_view("no_rows")
    return Scan("no_rows")


def _kept(scan: Scan, asset_names: list[str]) -> Scan:
    """The rows of these assets."""
    if not asset_names:
        return replace(scan, source=f"{scan.source} where false")
    names = {f"name_{number}": name for number, name in enumerate(asset_names)}
    listed = ", ".join(f"${parameter}" for parameter in names)
    return replace(
        scan, source=f"{scan.source} where asset_name in ({listed})", values=scan.values | names
    )


def as_frame(
    duck: duckdb.DuckDBPyConnection, scan: Scan, *, columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """The rows as a DataFrame whose dtypes do not depend on whether there are values.

    Every statement is executed as a whole: DuckDB's relations keep other threads of Python waiting
    while they wait for a server.

    Raises:
        ArgumentError: There is no such column.
    """
    types = scan.types or column_types(duck, scan)
    if columns is not None:
        types = _chosen(types, columns)
    instants = [name for name, kind in types.items() if kind == _INSTANT]
    # DuckDB gives times with a zone to pandas by ways that pandas has deprecated: they go over as
    # UTC without a zone, and get it back here.
    selected = ", ".join(
        f"cast({quoted(name)} as timestamp) as {quoted(name)}" if name in instants else quoted(name)
        for name in types
    )
    result = duck.execute(f"select {selected} from {scan.source}", scan.values)
    frame = _through_arrow(result, types) if _has_arrow() else result.df()
    for name in instants:
        frame[name] = frame[name].dt.tz_localize("UTC")
    # pandas 3 has a dtype for text, which DuckDB's columns without any text do not get.
    text = pd.Series(["text"]).dtype
    for name, kind in types.items():
        if kind == "VARCHAR" and frame[name].dtype != text:
            frame[name] = frame[name].astype(text)
        elif kind.endswith("[]") or kind.startswith(("MAP", "STRUCT")):
            # `if row.modalities:` fails on the NA that DuckDB puts here.
            frame[name] = frame[name].where(frame[name].notna(), None)
    return frame


@functools.cache
def _has_arrow() -> bool:
    """Whether pyarrow is there, which reading does not need but is faster with."""
    return util.find_spec("pyarrow") is not None


def _through_arrow(result: duckdb.DuckDBPyConnection, types: dict[str, str]) -> pd.DataFrame:
    """The rows of a result: texts by way of Arrow, which is several times as fast.

    All other columns go DuckDB's own way, so that what comes out is the same with and without.
    """
    rows = result.to_arrow_table()
    texts = [name for name, kind in types.items() if kind == "VARCHAR"]
    others = [name for name in types if name not in texts]
    parts = []
    if texts:
        parts.append(rows.select(texts).to_pandas())
    if others:
        with duckdb.connect() as duck:
            parts.append(duck.from_arrow(rows.select(others)).df())
    whole = pd.concat(parts, axis=1) if len(parts) > 1 else parts[0]
    ordered: pd.DataFrame = whole.loc[:, list(types)]
    return ordered


def column_types(duck: duckdb.DuckDBPyConnection, scan: Scan) -> dict[str, str]:
    """DuckDB type of each column."""
    rows = duck.execute(f"describe select * from {scan.source}", scan.values).fetchall()
    return {row[0]: row[1] for row in rows}


def _chosen(types: dict[str, str], columns: Sequence[str]) -> dict[str, str]:
    """Some of the columns; only these are transferred.

    Raises:
        ArgumentError: There is no such column.
    """
    unknown = [column for column in columns if column not in types]
    if unknown or not columns:
        raise ArgumentError(
            f"There is no column {_messages.few(unknown)}: there are {', '.join(types)}."
        )
    return {column: types[column] for column in columns}
