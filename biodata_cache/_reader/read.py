"""Rows of published tables: which files hold them, and what DuckDB makes of these."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import duckdb

from biodata_cache._core import messages as _messages
from biodata_cache._core.errors import AccessError, ArgumentError, CacheFileError, UnreachableError
from biodata_cache._core.registry import REMEDY
from biodata_cache._core.sqltext import literal, quoted
from biodata_cache._reader import filters as _filters
from biodata_cache._reader import frames as _frames
from biodata_cache._reader.filters import AnyOf

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from biodata_cache._core.errors import CacheError
    from biodata_cache._core.registry import CacheRegistry, TableEntry
    from biodata_cache._reader.catalog import PublishedCache
    from biodata_cache._reader.filters import Condition
    from biodata_cache._storage.base import DataFile

_Result = TypeVar("_Result")

_ATTEMPTS = 8
_DENIED = {401, 403}
_SERVER_FAILED = 500


@dataclass(frozen=True)
class Selection:
    """What is asked of a published table.

    Attributes:
        table: Name of the table.
        columns: Columns, in this order; None for all.
        filters: What columns must hold, as `_filters` has it.
        key: Column that the table must be in partitions by if it is filtered by it.
    """

    table: str
    columns: tuple[str, ...] | None = None
    filters: Mapping[str, object] = field(default_factory=dict)
    key: str | None = None


def selection(
    table: str,
    columns: Sequence[str] | None,
    filters: Mapping[str, object],
    *,
    key: str | None = None,
) -> Selection:
    """What is asked of a table, after a first look at the arguments.

    Raises:
        ArgumentError: `columns` are no texts, or none at all, or one is there twice.
    """
    # A read may begin again, and what can be gone through only once would be used up.
    filters = {
        name: list(value) if isinstance(value, Iterator) else value
        for name, value in filters.items()
    }
    if columns is None:
        return Selection(table, None, filters, key)
    names = text_arguments("columns", columns)
    if not names or len(set(names)) < len(names):
        raise ArgumentError(
            f"columns must be names of columns, each once, not {names}: leave it out for all."
        )
    return Selection(table, tuple(names), filters, key)


def frame(cache: PublishedCache, asked: Selection) -> pd.DataFrame:
    """The rows of a selection as a DataFrame.

    Raises:
        CacheError: The table cannot be read; the message says why and what to do.
    """

    def convert(duck: duckdb.DuckDBPyConnection, rows: Rows) -> pd.DataFrame:
        found = None if rows.file is None else _frames.frame_of_file(duck, rows.file, rows.types)
        if found is not None:
            return found
        return _frames.frame(duck, rows.query, rows.parameters, rows.types)

    return converted(cache, asked, convert)


def converted(
    cache: PublishedCache,
    asked: Selection,
    convert: Callable[[duckdb.DuckDBPyConnection, Rows], _Result],
) -> _Result:
    """The rows of a selection, converted."""

    def read(registry: CacheRegistry) -> _Result:
        entry = registry[asked.table]
        files = files_of(cache, entry, asked)
        is_whole = asked.columns is None and not set(asked.filters) - {entry.partition_key}
        with connection(cache, files, is_whole=is_whole) as (duck, places):
            return convert(duck, rows_of(duck, entry, places, asked))

    return consistently(cache, read)


def consistently(cache: PublishedCache, read: Callable[[CacheRegistry], _Result]) -> _Result:
    """The result of a read from one state of the published cache.

    A publish may remove or replace a file after the registry was read: then the registry is another
    one by now, or DuckDB has noticed, and the read begins again.

    Args:
        cache: The cache.
        read: Reads what one registry names.

    Raises:
        CacheFileError: A file is missing or damaged, whatever was published meanwhile.
    """
    registry = cache.registry()
    cache.warn_if_behind()
    for attempt in range(_ATTEMPTS):
        try:
            return read(registry)
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
def connection(
    cache: PublishedCache,
    files: Sequence[DataFile],
    *,
    places: Sequence[str] | None = None,
    is_whole: bool = False,
    is_separate: bool = False,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[str]]]:
    """A connection in UTC for reading these files, and where to read them.

    The settings of the caller's own connections neither matter nor change.

    Args:
        cache: Where the files are.
        files: The files.
        places: Where to read them; None to have it found out.
        is_whole: Whether all of their content is needed.
        is_separate: Whether it is to be a connection to a database that nothing else uses.

    Raises:
        AccessError: The files may not be read.
        CacheFileError: DuckDB could not read the files.
        UnreachableError: The server of the files does not answer.
    """
    store = cache.store
    found = store.places(files, is_whole=is_whole) if places is None else list(places)
    with (
        store.separate_engine(found) if is_separate else store.engine(found) as duck,
        errors(cache, found, [file.address for file in files]),
    ):
        duck.execute("set TimeZone = 'UTC'")
        yield duck, found


@contextmanager
def errors(cache: PublishedCache, places: Sequence[str], names: Sequence[str]) -> Iterator[None]:
    """Our errors for those of DuckDB; one, too, for files that change meanwhile.

    Args:
        cache: Where the files are.
        places: Where they are read.
        names: What to call each of them: its address.

    Raises:
        ChangedError: They did.
    """
    # DuckDB opens a file more than once: for its end, and again for its columns.
    before = cache.store.tags(places)
    try:
        yield
    except (duckdb.Error, UnicodeDecodeError) as error:
        # Whoever needs space for other copies removes one of ours, maybe before it is opened.
        is_gone = any(
            tag is None and place != name
            for tag, place, name in zip(before, places, names, strict=False)
        )
        if is_gone or cache.store.tags(places) != before:
            raise _changed(names) from error
        raise _as_cache_error(error, names) from error
    if cache.store.tags(places) != before:
        raise _changed(names)


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


def text_arguments(name: str, values: str | Iterable[str]) -> list[str]:
    """The arguments, if they are texts; a single text counts as a list of one.

    Raises:
        ArgumentError: They are something else.
    """
    given = _filters.without_dimensions(values)
    if isinstance(given, str):
        return [_filters.text_argument(name, given)]
    if not isinstance(given, Iterable):
        raise ArgumentError(f"{name} must be a text or a list of texts, not {given!r}.")
    return [_filters.text_argument(f"each of {name}", value) for value in given]


@dataclass(frozen=True)
class Rows:
    """Rows that are to be read.

    Attributes:
        source: SQL after `from`, without the conditions.
        values: Values of its parameters.
        types: DuckDB types of the columns that are to be read.
        conditions: What the rows must hold.
        file: The one file on this machine that they are all of; None if it is otherwise.
    """

    source: str
    values: dict[str, object]
    types: dict[str, str]
    conditions: tuple[Condition, ...] = ()
    file: str | None = None

    @property
    def query(self) -> str:
        """The statement that reads them."""
        condition, _ = _filters.as_sql(self.conditions)
        where = f" where {condition}" if condition else ""
        order = " order by file_index, file_row_number" if self._is_unordered else ""
        return f"select {', '.join(map(quoted, self.types))} from {self.source}{where}{order}"

    @property
    def _is_unordered(self) -> bool:
        """Whether rows of files would come in any order."""
        return bool(self.values) and any(map(_filters.loses_order, self.conditions))

    @property
    def parameters(self) -> dict[str, object]:
        """Values of all parameters of the statement."""
        return self.values | _filters.as_sql(self.conditions)[1]


def files_of(cache: PublishedCache, entry: TableEntry, asked: Selection) -> list[DataFile]:
    """The files that can hold rows for the filters: one on the partition key chooses.

    Raises:
        ArgumentError: The value of the key is no text.
        PartitionNotFoundError: The table has no partition of the one value that is asked for.
        RegistryError: The table is one file, against all expectation.
    """
    key = entry.partition_key or asked.key
    if key is None or key not in asked.filters:
        return cache.files(entry)
    value = asked.filters[key]
    (condition,) = _filters.conditions(entry.name, {key: "VARCHAR"}, {key: value})
    if not isinstance(condition, AnyOf):
        return cache.files(entry)
    values = [str(each) for each in condition.values]
    return cache.files(entry, values, is_strict=isinstance(value, str))


def rows_of(
    duck: duckdb.DuckDBPyConnection, entry: TableEntry, places: Sequence[str], asked: Selection
) -> Rows:
    """The rows of a selection.

    Raises:
        ArgumentError: There is no such column, or a filter does not fit it.
    """
    source, values, types = _scanned(duck, entry, places)
    columns, conditions = checked(entry, types, asked)
    # What older publishers wrote may tell Arrow of other types than its own.
    is_ours = known_types(entry) is not None
    is_file = is_ours and len(places) == 1 and not conditions and "://" not in places[0]
    return Rows(source, values, columns, tuple(conditions), places[0] if is_file else None)


def checked(
    entry: TableEntry, types: dict[str, str], asked: Selection
) -> tuple[dict[str, str], list[Condition]]:
    """The columns that are asked for, by type, and what rows must hold beside the partition key.

    Raises:
        ArgumentError: There is no such column, or a filter does not fit it.
    """
    _filters.check_columns(entry.name, types, asked.columns or ())
    conditions = [
        condition
        for condition in _filters.conditions(entry.name, types, asked.filters)
        if condition.column != entry.partition_key or not isinstance(condition, AnyOf)
    ]
    columns = types if asked.columns is None else {name: types[name] for name in asked.columns}
    return columns, conditions


def _scanned(
    duck: duckdb.DuckDBPyConnection, entry: TableEntry, places: Sequence[str]
) -> tuple[str, dict[str, object], dict[str, str]]:
    """All rows of the files, in the order of the files: source, parameters, types by column."""
    if not places:
        return no_rows(duck, entry), {}, registered_types(duck, entry)
    source = f"read_parquet($files, {options(entry)})"
    values: dict[str, object] = {"files": list(places)}
    return source, values, known_types(entry) or column_types(duck, source, values)


def options(entry: TableEntry, *, by_name: bool = False) -> str:
    """How the files of a table are read.

    Args:
        entry: Entry of the table.
        by_name: Whether the names of their folders tell the partition key, so that a condition on
            it leaves out files before they are opened.
    """
    # The key is a column of the files; from the folder's name its type would be guessed.
    # We publish no partitions that differ. Those of older publishers, who name no build, had the
    # types that each happened to show: then every file is looked at before the first is read.
    union = "false" if entry.build_id is not None else "true"
    key = f"{{{literal(str(entry.partition_key))}: VARCHAR}}"
    hive = f"true, hive_types = {key}" if by_name else "false"
    return f"hive_partitioning = {hive}, union_by_name = {union}"


def known_types(entry: TableEntry) -> dict[str, str] | None:
    """Types as our registry has them: to ask the file is a request more."""
    types = {column.name: column.type for column in entry.columns if column.type is not None}
    is_ours = entry.build_id is not None and len(types) == len(entry.columns)
    return types if is_ours else None


def registered_types(duck: duckdb.DuckDBPyConnection, entry: TableEntry) -> dict[str, str]:
    """Types of a table without files; text where the registry has none."""
    return {column.name: str(duck.dtype(column.type or "VARCHAR")) for column in entry.columns}


def no_rows(duck: duckdb.DuckDBPyConnection, entry: TableEntry) -> str:
    """SQL after `from` for no rows with the columns that the registry lists."""
    listed = ", ".join(
        f"cast(null as {kind}) as {quoted(name)}"
        for name, kind in registered_types(duck, entry).items()
    )
    return f"(select {listed} limit 0) as no_rows"


def column_types(
    duck: duckdb.DuckDBPyConnection, source: str, values: Mapping[str, object]
) -> dict[str, str]:
    """DuckDB type of each column."""
    rows = duck.execute(f"describe select * from {source}", values).fetchall()
    return {row[0]: row[1] for row in rows}
