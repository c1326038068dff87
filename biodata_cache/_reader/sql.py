"""The published tables in SQL: each is a view of DuckDB."""

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
from biodata_cache._core.sqltext import comments, literal, quoted
from biodata_cache._reader import connections as _connections
from biodata_cache._reader import frames as _frames
from biodata_cache._reader import read as _read
from biodata_cache._reader.filters import conditions as _filters

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from biodata_cache._core.registry.entries import CacheRegistry, TableEntry
    from biodata_cache._reader.catalog import PublishedCache
    from biodata_cache._storage.base import DataFile

_Result = TypeVar("_Result")

_FEW = 16
# Queries that may name any table without its name being in them.
_LISTS = re.compile(r"\bshow\b|\binformation_schema\b|\b(duckdb|pg)_\w+", re.IGNORECASE)


def connect(cache: PublishedCache) -> duckdb.DuckDBPyConnection:
    """A connection of DuckDB in which every table of a cache is a view.

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
    cache: PublishedCache,
    query: str,
    parameters: Mapping[str, object] | Sequence[object] | None,
) -> pd.DataFrame:
    """The result of a query over the tables of a cache.

    Raises:
        duckdb.Error: If the query is wrong, or what it reads beside the tables cannot be read.
        ArgumentError: If the query is not a text, or has no statement in it.
        CacheError: If a table that it names cannot be read.
    """
    _filters.text_argument("query", query)
    values = _bound(parameters)

    lists = _LISTS.search(query) is not None
    variables = dict(_frames.frames_named(query))

    def read(registry: CacheRegistry) -> pd.DataFrame | duckdb.Error:
        named = [entry for entry in registry if _may_name(query, entry.name)]
        files = {entry.name: cache.files(entry) for entry in named}
        locations = resolve_locations(cache, files)
        with _connections.connection(
            cache,
            [file for some in files.values() for file in some],
            locations=[location for some in locations.values() for location in some],
            is_separate=True,
        ) as (duck, every):
            duck.execute("set python_enable_replacements = false")  # these would be ours
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

    found = _connections.consistently(cache, read)
    if isinstance(found, duckdb.Error):
        raise found
    return found


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
    """The parameters as DuckDB takes them: it knows nothing of the scalars of numpy."""
    if isinstance(parameters, Mapping):
        return {name: _plain(value) for name, value in parameters.items()}
    if isinstance(parameters, (list, tuple)):
        return [_plain(value) for value in parameters]
    return parameters  # DuckDB says what is wrong with it


def _plain(value: object) -> object:
    value = _filters.without_dimensions(value)
    if _filters.is_many(value) and not isinstance(value, (bytearray, memoryview)):
        return [_plain(each) for each in value]
    return _filters.plain(value)


def _is_of_files(error: duckdb.Error, locations: Sequence[str]) -> bool:
    """Whether files of the tables cannot be read; else, it is the query that is wrong."""
    if any(location in str(error) for location in locations):
        return True
    if isinstance(error, (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError)):
        return False
    # Of a file, DuckDB says which. Of a server, it says what that has answered.
    is_local = not any("://" in location for location in locations)
    return not (is_local and isinstance(error, duckdb.OperationalError)) and bool(locations)


def _may_name(query: str, table: str) -> bool:
    """Whether a query may name a table.

    DuckDB tells for sure, but only of a query that it can bind, and `using (name)` it cannot before
    there are columns. A view more than needed does no harm.
    """
    if _LISTS.search(query):
        return True
    return re.search(rf"\b{re.escape(table)}\b", query, re.IGNORECASE) is not None


def resolve_locations(
    cache: PublishedCache, files: Mapping[str, Sequence[DataFile]]
) -> dict[str, list[str]]:
    """Where to read the files of each table: on this machine if they are few and small.

    Of many, a query may need one or two: these are read where they are, as their names tell.
    """
    few = {name: some for name, some in files.items() if len(some) <= _FEW}
    found = iter(cache.locations([file for some in few.values() for file in some]))
    return {
        name: list(islice(found, len(some))) if name in few else [file.address for file in some]
        for name, some in files.items()
    }


def create_views(
    duck: duckdb.DuckDBPyConnection,
    cache: PublishedCache,
    registry: CacheRegistry,
    locations: Mapping[str, Sequence[str]],
) -> None:
    """Create a view for every table; each looks into one file, and waits for it."""

    def create(entry: TableEntry) -> None:
        # A view says nothing about what is in the files: whether they change does not matter yet.
        with _connections.errors(cache, [], locations[entry.name][:1]), duck.cursor() as cursor:
            cursor.execute(view_of(cursor, entry, locations[entry.name]))
            cursor.execute(comments_of(entry))

    with ThreadPoolExecutor(cache.store.threads) as pool:
        for _ in pool.map(create, registry):
            pass


def comments_of(entry: TableEntry) -> str:
    """The statements that give the view of a table, and its columns, their texts."""
    texts = {column.name: column.description for column in entry.columns}
    return comments(quoted(entry.name), entry.description, texts)


def _with_nearest(error: duckdb.Error, registry: CacheRegistry) -> duckdb.Error:
    """The error of a query; of a table that is not there, with those of ours like it."""
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
    """The statement that makes a table a view: one without any partition is empty, but typed.

    Args:
        duck: Where the view is to be.
        entry: Entry of the table.
        locations: Where its files are read.
        temporary: Whether only this connection is to see it.
    """
    listed = ", ".join(map(literal, locations))
    options = _read.options(entry, by_name=_read.is_told_by_names(entry, locations))
    source = f"read_parquet([{listed}], {options})"
    if not locations:
        source = _read.no_rows(duck, entry)
    kind = "temporary view" if temporary else "view"
    return f"create {kind} {quoted(entry.name)} as select * from {source}"
