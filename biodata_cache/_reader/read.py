"""Reads rows of published tables: chooses the files and builds the query on them."""

from __future__ import annotations

import re
from collections.abc import Sized
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from biodata_cache._core.sqltext import literal, quoted
from biodata_cache._reader import frames as _frames
from biodata_cache._reader import hints as _hints
from biodata_cache._reader.files import connections as _connections
from biodata_cache._reader.files import partitions as _partitions
from biodata_cache._reader.files.partitions import SUBJECT
from biodata_cache._reader.filters import conditions as _filters
from biodata_cache._reader.filters import scalars as _scalars
from biodata_cache._reader.filters import sql as _filter_sql
from biodata_cache._reader.filters.kinds import AnyOf

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import duckdb
    import pandas as pd

    from biodata_cache._core.registry.entries import CacheRegistry, TableEntry
    from biodata_cache._reader.files.catalog import PublishedCache
    from biodata_cache._reader.filters.kinds import Condition
    from biodata_cache._reader.selection import Selection
    from biodata_cache._storage.base import DataFile

# DuckDB reads these names of partitions as NULL.
_MISSING = r"(?i:null|__hive_default_partition__)"
# Names of text columns that hold timestamps.
_TIMES_AS_TEXT = re.compile(r"_time$|^timestamp$|_timestamp$|^_?last_modified$|^created$")
_Result = TypeVar("_Result")
_Rows = TypeVar("_Rows", bound=Sized)


def frame(cache: PublishedCache, selection: Selection) -> pd.DataFrame:
    """The rows of a selection as a DataFrame.

    Raises:
        CacheError: If the table does not exist or cannot be read.
    """

    def convert(duck: duckdb.DuckDBPyConnection, rows: Rows) -> pd.DataFrame:
        return _frames.frame(duck, rows.query, rows.parameters, rows.types)

    return converted(cache, selection, convert, _frames.frame_of_file)


def converted(
    cache: PublishedCache,
    selection: Selection,
    convert: Callable[[duckdb.DuckDBPyConnection, Rows], _Rows],
    convert_file: Callable[[str, Mapping[str, str]], _Rows | None],
) -> _Rows:
    """What a selection gives, from functions that may run repeatedly; warns if it is empty.

    Args:
        cache: Where to read.
        selection: What to read.
        convert: Gives the rows of a query.
        convert_file: Gives these columns of a local file, without DuckDB; None if it cannot.
    """

    def read(registry: CacheRegistry) -> _Rows:
        entry = registry[selection.table]
        files = files_of(cache, entry, selection)
        choosing = set() if entry.objects else {entry.partition_key}
        is_whole = selection.columns is None and not set(selection.filters) - choosing
        is_whole = is_whole and selection.limit is None
        paths = cache.locations(files, is_whole=is_whole)
        whole = None
        if (columns := _columns_of_file(entry, paths, selection)) is not None:
            with _connections.unchanged(cache, paths, [file.address for file in files]):
                whole = convert_file(paths[0], columns)
            if whole is not None and len(whole):
                return whole
        with _connections.connection(cache, files, locations=paths) as (duck, locations):
            rows = rows_of(duck, entry, locations, selection)
            result = convert(duck, rows) if whole is None else whole
            if not len(result) and selection.limit != 0:
                _partitions.check(cache, registry, entry, selection.filters)
                _explain(duck, rows, cache, registry, selection)
        return result

    return _connections.consistently(cache, read)


def _columns_of_file(
    entry: TableEntry, locations: Sequence[str], selection: Selection
) -> dict[str, str] | None:
    """Types by column, if the selection is all rows of one local file, as they are in it."""
    types = known_types(entry)  # files of older publishers may have Arrow metadata with other types
    if types is None or len(locations) != 1 or "://" in locations[0] or selection.limit is not None:
        return None
    columns, conditions = checked(entry, types, selection)
    return None if conditions or expressions(columns, selection) else columns


def _explain(
    duck: duckdb.DuckDBPyConnection,
    rows: Rows,
    cache: PublishedCache,
    registry: CacheRegistry,
    selection: Selection,
) -> None:
    """Warn about likely reasons why a selection has no rows."""
    conditions = _filters.conditions(selection.table, rows.all_types, selection.filters)
    subjects = [
        str(value)
        for each in conditions
        if isinstance(each, AnyOf) and each.column == SUBJECT
        for value in each.values
    ]
    if subjects:
        _hints.unknown_subjects(cache, registry, registry[selection.table], subjects)
    others = [each for each in conditions if each.column != SUBJECT]
    _hints.other_spellings(duck, selection.table, rows.source, rows.values, others)


@dataclass(frozen=True)
class Rows:
    """A query on files, with the types of its columns.

    Attributes:
        source: SQL after `from`, without the conditions.
        values: Parameters of `source`.
        types: DuckDB types of the selected columns.
        chosen: Filter on several partitions, whose order the rows have; None for file order.
        all_types: DuckDB types of all columns.
        limit: Maximum number of rows; None for all.
        expressions: SQL of the converted columns, by name.
    """

    source: str
    values: dict[str, object]
    types: dict[str, str]
    conditions: tuple[Condition, ...] = ()
    chosen: AnyOf | None = None
    all_types: Mapping[str, str] = field(default_factory=dict)
    limit: int | None = None
    expressions: Mapping[str, str] = field(default_factory=dict)

    @property
    def query(self) -> str:
        """The SELECT statement that reads the rows."""
        condition, _ = _filter_sql.as_sql(self.conditions)
        where = f" where {condition}" if condition else ""
        order = "file_index, file_row_number" if self._is_unordered or self.chosen else ""
        if self.chosen is not None:
            order = f"{_POSITION.format(column=quoted(self.chosen.column))}, {order}"
        by = f" order by {order}" if order else ""
        first = "" if self.limit is None else f" limit {self.limit}"
        columns = ", ".join(
            f"{self.expressions[name]} as {quoted(name)}"
            if name in self.expressions
            else quoted(name)
            for name in self.types
        )
        return f"select {columns} from {self.source}{where}{by}{first}"

    @property
    def _is_unordered(self) -> bool:
        """Whether a condition makes DuckDB lose the order of the rows in the files."""
        return bool(self.values) and any(map(_filter_sql.loses_order, self.conditions))

    @property
    def parameters(self) -> dict[str, object]:
        """Parameters of `query`."""
        chosen = {} if self.chosen is None else {"chosen": list(self.chosen.values)}
        return self.values | _filter_sql.as_sql(self.conditions)[1] | chosen


# Position of a value in a list; by a join, as the list may have all subjects.
_POSITION = """(
    select chosen.position
    from (select unnest($chosen) as value, generate_subscripts($chosen, 1) as position) as chosen
    where chosen.value = {column}
)"""


def files_of(cache: PublishedCache, entry: TableEntry, selection: Selection) -> list[DataFile]:
    """The files that can hold rows for the filters.

    Public files are chosen by a filter on the partition key. Objects are all read: their row group
    statistics find the rows of a partition.

    Raises:
        ArgumentError: If the value of the key is not a text.
        PartitionNotFoundError: If the table has no partition of a value.
        RegistryError: If `selection.key` needs partitions, but the registry lists one file.
    """
    key = entry.partition_key or selection.key
    if key is None or key not in selection.filters:
        return cache.files(entry)
    value = selection.filters[key]
    (condition,) = _filters.conditions(entry.name, {key: "VARCHAR"}, {key: value})
    if not isinstance(condition, AnyOf):
        return cache.files(entry)
    values = [str(each) for each in condition.values]
    return cache.files(entry, values, is_strict=isinstance(value, str) and key != SUBJECT)


def rows_of(
    duck: duckdb.DuckDBPyConnection,
    entry: TableEntry,
    locations: Sequence[str],
    selection: Selection,
) -> Rows:
    """The query of a selection on the files at these locations.

    Raises:
        ArgumentError: If a column does not exist, or a filter has a value of another type.
    """
    source, values, types = _scanned(duck, entry, locations)
    columns, conditions = checked(entry, types, selection)
    converted_columns = expressions(columns, selection)
    columns = columns | {name: kind for name, (kind, _) in converted_columns.items()}
    chosen = [
        each
        for each in conditions
        if isinstance(each, AnyOf) and each.column == entry.partition_key and len(each.values) > 1
    ]
    return Rows(
        source,
        values,
        columns,
        tuple(conditions),
        next(iter(chosen), None),
        types,
        selection.limit,
        {name: sql for name, (_, sql) in converted_columns.items()},
    )


def expressions(columns: Mapping[str, str], selection: Selection) -> dict[str, tuple[str, str]]:
    """DuckDB type and SQL of the columns that the options of a selection convert."""
    converted_columns = {}
    for name, kind in columns.items():
        if selection.lists_as_text and kind == "VARCHAR[]":
            converted_columns[name] = "VARCHAR", f"array_to_string({quoted(name)}, ', ')"
        if selection.parses_times and kind == "VARCHAR" and _TIMES_AS_TEXT.search(name):
            converted_columns[name] = _scalars.INSTANT, _filter_sql.instant_of(quoted(name))
    return converted_columns


def checked(
    entry: TableEntry, types: dict[str, str], selection: Selection
) -> tuple[dict[str, str], list[Condition]]:
    """Types of the selected columns, and the conditions that the choice of files did not cover.

    Raises:
        ArgumentError: If a column does not exist, or a filter has a value of another type.
    """
    _filters.check_columns(entry.name, types, selection.columns or ())
    conditions = [
        condition
        for condition in _filters.conditions(entry.name, types, selection.filters)
        if entry.objects
        or condition.column != entry.partition_key
        or not isinstance(condition, AnyOf)
    ]
    columns = (
        types if selection.columns is None else {name: types[name] for name in selection.columns}
    )
    return columns, conditions


def _scanned(
    duck: duckdb.DuckDBPyConnection, entry: TableEntry, locations: Sequence[str]
) -> tuple[str, dict[str, object], dict[str, str]]:
    """SQL after `from` for all rows of the files, its parameters, and the types by column."""
    if not locations:
        return no_rows(duck, entry), {}, registered_types(duck, entry)
    # Files of older publishers may lack the key column.
    by_name = has_key_in_names(entry, locations)
    source = f"read_parquet($files, {options(entry, by_name=by_name)})"
    values: dict[str, object] = {"files": list(locations)}
    return source, values, known_types(entry) or column_types(duck, source, values)


def options(entry: TableEntry, *, by_name: bool = False) -> str:
    """Options of `read_parquet` for the files of a table.

    Args:
        entry: Entry of the table.
        by_name: Whether to take the partition key from the folder names, so that a condition on it
            skips files before they are opened.
    """
    # By default the key is a column of the files: from folder names, DuckDB would guess its type.
    # Partitions of older publishers, who name no build, may differ in their types. Only these need
    # `union_by_name`, which opens every file before the first is read.
    union = "false" if entry.build_id is not None or entry.objects else "true"
    key = f"{{{literal(str(entry.partition_key))}: VARCHAR}}"
    hive = f"true, hive_types = {key}" if by_name else "false"
    return f"hive_partitioning = {hive}, union_by_name = {union}"


def has_key_in_names(entry: TableEntry, locations: Sequence[str]) -> bool:
    """Whether each location has one `key=value` folder, of the partition key."""
    if entry.partition_key is None or entry.objects:
        return False
    key = re.escape(entry.partition_key)
    named = re.compile(rf"[^=]*/{key}=(?!{_MISSING}/)[^=/]*/[^=/]+")
    return all(map(named.fullmatch, locations))


def known_types(entry: TableEntry) -> dict[str, str] | None:
    """Types by column from the registry, which saves a request; None if it lacks some."""
    types = {column.name: column.type for column in entry.columns if column.type is not None}
    is_ours = entry.build_id is not None or bool(entry.objects)
    is_ours = is_ours and len(types) == len(entry.columns)
    return types if is_ours else None


def registered_types(duck: duckdb.DuckDBPyConnection, entry: TableEntry) -> dict[str, str]:
    """Types by column for a table without files; VARCHAR where the registry has none."""
    return {column.name: str(duck.dtype(column.type or "VARCHAR")) for column in entry.columns}


def no_rows(duck: duckdb.DuckDBPyConnection, entry: TableEntry) -> str:
    """SQL after `from` for an empty table with the registered columns."""
    listed = ", ".join(
        f"cast(null as {kind}) as {quoted(name)}"
        for name, kind in registered_types(duck, entry).items()
    )
    return f"(select {listed} limit 0) as no_rows"


def column_types(
    duck: duckdb.DuckDBPyConnection, source: str, values: Mapping[str, object]
) -> dict[str, str]:
    """DuckDB types by column."""
    rows = duck.execute(f"describe select * from {source}", values).fetchall()
    return {row[0]: row[1] for row in rows}
