"""Rows of a table that differ between two builds, by one query over the objects of both."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from biodata_cache._core import layout as _layout
from biodata_cache._core.errors import ArgumentError, CacheNotFoundError, TableNotFoundError
from biodata_cache._core.registry.entries import ColumnEntry
from biodata_cache._core.sqltext import literal, pattern_of, quoted
from biodata_cache._reader import frames as _frames
from biodata_cache._reader import read as _read
from biodata_cache._reader.files import connections as _connections
from biodata_cache._reader.filters import scalars as _scalars

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb
    import pandas as pd

    from biodata_cache._core.registry.entries import CacheRegistry, TableEntry
    from biodata_cache._reader.files.catalog import PublishedCache
    from biodata_cache._storage.base import DataFile


class _Comparison(NamedTuple):
    """Two builds of a table.

    Attributes:
        before: Files of the table in the earlier build.
        after: Files of the table in the build that is read.
        query: Returns the rows that differ; its parameters are the two lists of files.
    """

    before: list[DataFile]
    after: list[DataFile]
    query: str

    @property
    def files(self) -> list[DataFile]:
        """Files of both builds, the earlier first."""
        return [*self.before, *self.after]

    def parameters(self, locations: Sequence[str]) -> dict[str, list[str]]:
        """Parameters of the query, given the locations of `files`."""
        count = len(self.before)
        return {"before": list(locations[:count]), "after": list(locations[count:])}


def changes(cache: PublishedCache, table: str, since: object) -> pd.DataFrame:
    """The rows that changed since a build, or since the one that was live at a time.

    Raises:
        ArgumentError: If `since` is neither a build nor a time, or the table has no key.
        CacheNotFoundError: If no build of that time is kept.
        TableNotFoundError: If one of the builds does not have the table.
    """

    def read(registry: CacheRegistry) -> pd.DataFrame:
        comparison = _compared(cache, registry, table, since)
        with _connections.connection(cache, comparison.files, is_whole=True) as (duck, locations):
            return _frames.frame(duck, comparison.query, comparison.parameters(locations))

    return _connections.consistently(cache, read)


def compared(earlier: PublishedCache, later: PublishedCache, table: str) -> pd.DataFrame:
    """The rows that differ between two versions of a table, by key and columns of the later one.

    Raises:
        ArgumentError: If the table has no key that both versions have.
        TableNotFoundError: If one of the versions does not have the table.
    """

    def read(registry: CacheRegistry) -> pd.DataFrame:
        before, after = earlier.registry()[table], registry[table]
        comparison = _Comparison(earlier.files(before), later.files(after), "")
        with _connections.connection(later, comparison.files, is_whole=True) as (duck, locations):
            sides = comparison.parameters(locations)
            before = _typed(duck, before, sides["before"])
            after = _typed(duck, after, sides["after"])
            _check_key(before, after, earlier.version_folder)
            return _frames.frame(duck, _comparing(before, after), sides)

    return _connections.consistently(later, read)


def _typed(
    duck: duckdb.DuckDBPyConnection, entry: TableEntry, locations: Sequence[str]
) -> TableEntry:
    """The entry with the columns and types that its files actually have."""
    if not locations:
        return entry
    types = _read.column_types(
        duck, "read_parquet($files, hive_partitioning = false)", {"files": list(locations)}
    )
    columns = tuple(ColumnEntry(name, type=kind) for name, kind in types.items())
    return replace(entry, columns=columns)


def _check_key(before: TableEntry, after: TableEntry, build: str) -> None:
    """Check that the key identifies each row on both sides."""
    known = {column.name for column in before.columns}
    if not after.primary_key or not known.issuperset(after.primary_key):
        key = ", ".join(after.primary_key) or "none"
        raise ArgumentError(
            f"{after.name} has no key by which rows of {build} could be compared with those of "
            f"now: it is {key}, and {build} has the columns {', '.join(sorted(known))}."
        )


def relation(cache: PublishedCache, table: str, since: object) -> duckdb.DuckDBPyRelation:
    """The result of `changes` as a DuckDB relation with its own connection."""

    def made(registry: CacheRegistry) -> duckdb.DuckDBPyRelation:
        comparison = _compared(cache, registry, table, since)
        locations = cache.locations(comparison.files, is_whole=True)
        duck = cache.store.connect(locations, is_separate=True)
        with _connections.errors(cache, locations, [file.address for file in comparison.files]):
            duck.execute("set TimeZone = 'UTC'")
            patterns = [pattern_of(location) for location in locations]
            return duck.sql(comparison.query, params=comparison.parameters(patterns))

    return _connections.consistently(cache, made)


def _compared(
    cache: PublishedCache, registry: CacheRegistry, table: str, since: object
) -> _Comparison:
    """The comparison of the live or selected build with an earlier one."""
    after = registry[table]
    build = _build_at(cache, since)
    earlier = replace(cache, build=build)
    before_registry = earlier.registry()
    if table not in before_registry:
        raise TableNotFoundError(f"{table} is not in the build {build}: all of its rows are new.")
    before = before_registry[table]
    if not (after.objects and before.objects):
        raise CacheNotFoundError(
            f"{table} was published without objects, so that builds of it cannot be compared: "
            "publish it with this version of the package, and compare from then on."
        )
    _check_key(before, after, build)
    return _Comparison(earlier.files(before), cache.files(after), _comparing(before, after))


def _build_at(cache: PublishedCache, since: object) -> str:
    """The build of this name, or the newest one that was made at this time or before."""
    if isinstance(since, str) and _layout.is_build_name(since):
        return since
    time = _scalars.instant("since", since, "the name of a build, or a time")
    kept = cache.builds()
    earlier = [build for build in kept if _layout.build_time(build) <= time]
    if earlier:
        return earlier[-1]
    raise CacheNotFoundError(
        f"No build of {cache.version_folder} is kept from {time:%Y-%m-%d %H:%M} UTC or before: "
        f"there is {', '.join(kept) or 'none'}. Give one of them."
    )


def _comparing(before: TableEntry, after: TableEntry) -> str:
    """SQL of the query that returns the rows that differ.

    Args:
        before: Entry of the table in the earlier build.
        after: Entry of the table in the later build, whose key and columns are those of the result.
    """
    types = {column.name: column.type for column in before.columns}
    key, common = after.primary_key, [each for each in after.columns if each.name in types]

    def differs(column: ColumnEntry) -> str:
        sides = [f"{side}.{quoted(column.name)}" for side in ("earlier", "later")]
        if types[column.name] != column.type:
            sides = [f"cast({side} as varchar)" for side in sides]
        return f"case when {sides[0]} is distinct from {sides[1]} then {literal(column.name)} end"

    def value(column: ColumnEntry) -> str:
        name = quoted(column.name)
        if column.name not in types:
            return f"later.{name}"
        earlier = f"try_cast(earlier.{name} as {column.type or 'varchar'})"
        return f"case when later.is_there then later.{name} else {earlier} end as {name}"

    differing = ", ".join(differs(each) for each in common if each.name not in key)
    same_key = " and ".join(
        f"earlier.{each} is not distinct from later.{each}" for each in map(quoted, key)
    )
    return _CHANGES.format(
        differing=differing,
        values=", ".join(map(value, after.columns)),
        same_key=same_key,
        key=", ".join(map(quoted, key)),
    )


# Grain: one row per key that was added or removed, or whose row changed.
_CHANGES = """
with earlier as (
    select *, true as is_there
    from read_parquet($before, hive_partitioning = false)
),

later as (
    select *, true as is_there
    from read_parquet($after, hive_partitioning = false)
),

compared as (
    select
        case
            when earlier.is_there is null then 'added'
            when later.is_there is null then 'removed'
            else 'changed'
        end as change,
        case
            when earlier.is_there and later.is_there
                then list_filter(
                    cast([{differing}] as varchar[]), lambda name: name is not null
                )
        end as changed_columns,
        {values}
    from earlier
    full outer join later on {same_key}
)

select *
from compared
where changed_columns is null or len(changed_columns) > 0
order by {key}
"""
