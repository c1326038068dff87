"""SQL over the published tables, each as a DuckDB view."""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from biodata_cache._core import messages as _messages
from biodata_cache._core.errors import ArgumentError
from biodata_cache._core.sqltext import comments, literal, pattern_of, quoted
from biodata_cache._reader import frames as _frames
from biodata_cache._reader import read as _read
from biodata_cache._reader.files import connections as _connections
from biodata_cache._reader.filters import scalars as _scalars

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from biodata_cache._core.registry.entries import CacheRegistry, TableEntry
    from biodata_cache._reader.files.catalog import PublishedCache
    from biodata_cache._storage.base import DataFile

_Result = TypeVar("_Result")

_FEW = 16
# Queries that list tables, so that all of them must exist as views.
_LISTS = re.compile(r"\bshow\b|\binformation_schema\b|\b(duckdb|pg)_\w+", re.IGNORECASE)


def connect(cache: PublishedCache) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection in which every table of a cache is a view.

    Raises:
        CacheError: If the published version cannot be read.
    """

    def made(registry: CacheRegistry) -> duckdb.DuckDBPyConnection:
        locations = resolve_locations(cache, {entry.name: cache.files(entry) for entry in registry})
        duck = cache.store.connect(
            [each for some in locations.values() for each in some], is_separate=True
        )
        try:
            duck.execute("set global TimeZone = 'UTC'")  # of its cursors, too
            create_views(duck, cache, registry, locations)
        except BaseException:
            duck.close()
            raise
        return duck

    return _connections.consistently(cache, made)


def sql(
    cache: PublishedCache, query: str, parameters: Mapping[str, object] | Sequence[object] | None
) -> pd.DataFrame:
    """The result of a query over the tables of a cache.

    Raises:
        duckdb.Error: If the query is invalid, or other sources that it reads fail.
        ArgumentError: If the query is not a text, or has no statement in it.
        CacheError: If a table in the query cannot be read.
    """
    _scalars.text_argument("query", query)
    values = _bound(parameters)

    lists = _LISTS.search(query) is not None
    variables = dict(_frames.frames_named(query))

    def read(registry: CacheRegistry) -> pd.DataFrame | duckdb.Error:
        named = [entry for entry in registry if _may_name(query, entry.name)]
        files = {entry.name: cache.files(entry) for entry in named}
        locations = resolve_locations(cache, files)
        every = [location for some in locations.values() for location in some]
        with _connections.connection(
            cache,
            [file for some in files.values() for file in some],
            locations=every,
            is_separate=True,
        ) as (duck, _):
            # Replacement scans would find the variables of this function.
            duck.execute("set python_enable_replacements = false")
            for entry in named:
                duck.execute(view_of(duck, entry, locations[entry.name]))
                if lists:
                    duck.execute(comments_of(entry))
            try:
                if not duck.extract_statements(query):
                    raise ArgumentError(f"query must be a statement of SQL, not {query!r}.")
                return _answer(duck, query, values, dict(variables))
            except duckdb.Error as error:
                if _is_of_files(error, every):
                    raise
                return _with_nearest(error, registry)

    result = _connections.consistently(cache, read)
    if isinstance(result, duckdb.Error):
        raise result
    return result


def _answer(
    duck: duckdb.DuckDBPyConnection,
    query: str,
    values: Mapping[str, object] | Sequence[object] | None,
    frames: dict[str, Any],
) -> pd.DataFrame:
    """What the last statement of a query gives.

    Args:
        duck: Where the tables are.
        query: One statement, or several.
        values: Values of the parameters of the last one.
        frames: Tables by their names, of which DuckDB gets those that it misses.
    """
    *first, last = _frames.statements(duck, query)
    for statement in first:
        _with_frames(duck, frames, partial(duck.execute, statement))
    return _with_frames(duck, frames, partial(_frames.frame, duck, last, values))


def _with_frames(
    duck: duckdb.DuckDBPyConnection, frames: dict[str, Any], run: Callable[[], _Result]
) -> _Result:
    """What a statement gives, with the frames as tables that it misses."""
    while True:
        try:
            return run()
        except duckdb.CatalogException as error:
            name = _missing_table(error)
            if name not in frames:
                raise
        duck.register(name, frames.pop(name))


def _missing_table(error: duckdb.Error) -> str:
    """Name of the table that a query misses; empty if it is something else."""
    missing = re.search(r"Table with name (.+?) does not exist", str(error))
    return missing[1] if missing else ""


def _bound(
    parameters: Mapping[str, object] | Sequence[object] | None,
) -> Mapping[str, object] | Sequence[object] | None:
    """The parameters with scalars of Python, as DuckDB does not accept those of numpy."""
    if isinstance(parameters, Mapping):
        return {name: _plain(value) for name, value in parameters.items()}
    if isinstance(parameters, (list, tuple)):
        return [_plain(value) for value in parameters]
    return parameters  # DuckDB reports what is wrong with it


def _plain(value: object) -> object:
    value = _scalars.without_dimensions(value)
    if _scalars.is_many(value) and not isinstance(value, (bytearray, memoryview)):
        return [_plain(each) for each in value]
    return _scalars.plain(value)


def _is_of_files(error: duckdb.Error, locations: Sequence[str]) -> bool:
    """Whether an error is about the files of the tables, and not about the query."""
    if any(location in str(error) for location in locations):
        return True
    if isinstance(error, (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError)):
        return False
    # An error about a local file names it; one of a server only has its response.
    is_local = not any("://" in location for location in locations)
    return not (is_local and isinstance(error, duckdb.OperationalError)) and bool(locations)


def _may_name(query: str, table: str) -> bool:
    """Whether a query may name a table.

    A search for the name: DuckDB's own list of tables needs a query that it can bind, and it cannot
    bind `using (name)` before the columns exist. An unneeded view does no harm.
    """
    if _LISTS.search(query):
        return True
    return re.search(rf"\b{re.escape(table)}\b", query, re.IGNORECASE) is not None


def resolve_locations(
    cache: PublishedCache, files: Mapping[str, Sequence[DataFile]]
) -> dict[str, list[str]]:
    """Where to read the files of each table: in local copies if there are few files.

    Of many files, a query may need only one or two, so these are read at their addresses.
    """
    few = {name: some for name, some in files.items() if len(some) <= _FEW}
    locations = iter(cache.locations([file for some in few.values() for file in some]))
    return {
        name: list(islice(locations, len(some))) if name in few else [file.address for file in some]
        for name, some in files.items()
    }


def create_views(
    duck: duckdb.DuckDBPyConnection,
    cache: PublishedCache,
    registry: CacheRegistry,
    locations: Mapping[str, Sequence[str]],
) -> None:
    """Create a view for every table, in parallel: each reads the footer of a file."""

    def create(entry: TableEntry) -> None:
        # Creating a view reads no rows, so files may still change.
        with _connections.errors(cache, [], locations[entry.name][:1]), duck.cursor() as cursor:
            cursor.execute(view_of(cursor, entry, locations[entry.name]))
            cursor.execute(comments_of(entry))

    with ThreadPoolExecutor(cache.store.threads) as pool:
        for _ in pool.map(create, registry):
            pass


def comments_of(entry: TableEntry) -> str:
    """SQL that sets the comments of a view and its columns to their descriptions."""
    texts = {column.name: column.description for column in entry.columns}
    return comments(quoted(entry.name), entry.description, texts)


def _with_nearest(error: duckdb.Error, registry: CacheRegistry) -> duckdb.Error:
    """The error of a query; if a table does not exist, with similar names of the cache."""
    missing = _missing_table(error)
    hint = _messages.nearest(missing, registry.names) if missing else ""
    return type(error)(f"{error}\n\nTables of the cache:{hint}") if hint else error


def view_of(
    duck: duckdb.DuckDBPyConnection,
    entry: TableEntry,
    locations: Sequence[str],
    *,
    temporary: bool = False,
) -> str:
    """SQL that creates the view of a table; without files, an empty view with its columns.

    Args:
        duck: The connection of the view.
        entry: Entry of the table.
        locations: Where to read its files.
        temporary: Whether only this connection sees the view.
    """
    listed = ", ".join(literal(pattern_of(location)) for location in locations)
    options = _read.options(entry, by_name=_read.has_key_in_names(entry, locations))
    source = f"read_parquet([{listed}], {options})"
    if not locations:
        source = _read.no_rows(duck, entry)
    kind = "temporary view" if temporary else "view"
    return f"create {kind} {quoted(entry.name)} as select * from {source}"
