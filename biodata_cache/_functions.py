"""Functions that read the cache that the settings name; each is a method of `Cache`, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata_cache import _session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import duckdb
    import pandas as pd

    from biodata_cache._core.registry.entries import CacheRegistry, ColumnEntry, TableInfo
    from biodata_cache._reader.filters.conditions import FilterValue
    from biodata_cache._reader.scan import Scan


def get_cache_registry() -> CacheRegistry:
    """The tables of the published version that is read, with their columns and files.

    Returns:
        The registry; iterate over its tables, or get one by name.

    Raises:
        CacheNotFoundError: If the version is not published there.
        RegistryError: If the registry cannot be read.

    Examples:
        >>> from biodata_cache import get_cache_registry
        >>> get_cache_registry()["quality_control"].partition_key
        'subject_id'
    """
    return _session.current().tables()


def qc_columns() -> list[ColumnEntry]:
    """The columns of `quality_control`, each with its name and text.

    Returns:
        One entry per column, in their order.

    Examples:
        >>> from biodata_cache import qc_columns
        >>> [column.name for column in qc_columns()][:2]
        ['name', 'stage']
    """
    return list(_session.current().tables()["quality_control"].columns)


def get_cache_versions() -> list[str]:
    """The released version folders of the root, the newest last.

    Returns:
        Names such as `bdc-v0.50.0`; empty if nothing is released.

    Raises:
        RegistryError: If the index cannot be read.

    Warns:
        VersionWarning: If the installed package is newer than all of them; once per process.

    Examples:
        >>> from biodata_cache import get_cache_versions
        >>> get_cache_versions()[-1].startswith("bdc-v")
        True
    """
    return _session.current().versions()


def table_info(name: str) -> TableInfo:
    """The description of a published table.

    It shows itself in a terminal and in a notebook: texts and types of the columns, number of rows,
    size, freshness, partitions.

    Args:
        name: Name of the table.

    Raises:
        TableNotFoundError: If there is no such table.

    Examples:
        >>> from biodata_cache import table_info
        >>> info = table_info("quality_control")
        >>> info.partition_key, info.columns[0].type
        ('subject_id', 'VARCHAR')
    """
    return _session.current().table_info(name)


def use_version(version: str | None) -> None:
    """Set the version that this process reads, instead of that of the settings.

    Args:
        version: Version folder, such as `"bdc-v0.50.0"`, or `"0.50.0"`; None for the settings.

    Raises:
        ArgumentError: If the version is not a text.
        CacheNotFoundError: If it is not published; lists the published ones.
        SettingsError: If the text is not a version.

    Examples:
        >>> from biodata_cache import get_cache_versions, use_version
        >>> use_version(get_cache_versions()[-1])
        >>> use_version(None)
    """
    _session.use_version(version)


def builds() -> list[str]:
    """The kept builds of the version, and the live one, the newest last.

    Returns:
        Names such as `20260131T081500Z-0a1b2c3d`: the time in UTC, and a hash of the content. Empty
        if the version was published by a package that made no builds.

    Raises:
        CacheNotFoundError: If the version is not published.
        RegistryError: If its registry cannot be read.

    Examples:
        >>> from biodata_cache import builds, get_cache_registry
        >>> get_cache_registry().build in builds()
        True
    """
    return _session.current().builds()


def use_build(build: str | None) -> None:
    """Set the build that this process reads; `use_version` returns to the live one.

    A build does not change for as long as it is kept, whatever else is published.

    Args:
        build: Name of a kept build; None for the live one.

    Raises:
        ArgumentError: If the text is not the name of a build.
        CacheNotFoundError: If the build is not kept; lists the kept ones.

    Examples:
        >>> from biodata_cache import builds, use_build
        >>> use_build(builds()[-1])
        >>> use_build(None)
    """
    _session.use_build(build)


def changes(table: str, *, since: str | date) -> pd.DataFrame:
    """The rows of a table that were added, removed or changed from one build to another.

    Rows are compared by the key of the table.

    Args:
        table: Name of the table.
        since: Name of the earlier build, or a time for the build that was live then; a date is its
            midnight in UTC.

    Returns:
        One row per key that differs. `change` is `added`, `removed` or `changed`;
        `changed_columns` is an array of the columns that differ, for changed rows. The columns of
        the table follow, with the values of the current build, or of the earlier one for removed
        rows.

    Raises:
        ArgumentError: If `since` is neither a build nor a time, or the table has no key.
        CacheNotFoundError: If the build is not kept, or no kept build is as old as `since`.
        TableNotFoundError: If one of the builds does not have the table.

    Examples:
        >>> from biodata_cache import builds, changes
        >>> changes("assets", since=builds()[-1]).columns[:3].tolist()
        ['change', 'changed_columns', 'name']
    """
    return _session.current().changes(table, since=since)


def compare(earlier: str, later: str, table: str) -> pd.DataFrame:
    """The rows of a table that differ between two published versions.

    Rows are compared by the key that the table has in the later version.

    Args:
        earlier: Version to compare with, such as `"0.34"`.
        later: Version whose columns are those of the result.
        table: Name of the table.

    Returns:
        One row per key that differs, with the columns of `changes`.

    Raises:
        ArgumentError: If the table has no key that both versions have.
        CacheNotFoundError: If one of the versions is not published.
        TableNotFoundError: If one of them does not have the table.

    Examples:
        >>> from biodata_cache import compare, get_cache_versions
        >>> newest = get_cache_versions()[-1]
        >>> len(compare(newest, newest, "assets"))
        0
    """
    return _session.current().compare(earlier, later, table)


def partitions(table: str) -> pd.DataFrame:
    """The partitions of a table, with the size of each.

    Args:
        table: Name of a partitioned table.

    Returns:
        One row per partition: the value of the partition key, in a column of its name, and `rows`,
        `bytes` and `sha256` of the public file.

    Raises:
        ArgumentError: If the table is not partitioned.
        TableNotFoundError: If there is no such table.

    Examples:
        >>> from biodata_cache import partitions
        >>> partitions("quality_control").columns.tolist()
        ['subject_id', 'rows', 'bytes', 'sha256']
    """
    return _session.current().partitions(table)


def scan(name: str, /, *, columns: Sequence[str] | None = None, **filters: FilterValue) -> Scan:
    """A lazy query on columns and rows of a published table.

    Args:
        name: Name of the table, for example `"asset_basics"`; by position, since columns may be
            called `name`.
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold, as for the functions of the tables. One on the column that
            a table is in partitions by chooses the files that are read.

    Returns:
        The query; it is run by its methods, such as `df()`.

    Raises:
        TableNotFoundError: If there is no such table.
        PartitionNotFoundError: If there is no partition of the given single value.
        ArgumentError: If a column does not exist, or a filter has a value of another type.

    Examples:
        >>> from biodata_cache import scan
        >>> fiber = scan("asset_basics", columns=["name", "age"], modalities="fib")
        >>> fiber.columns
        ['name', 'age']
        >>> len(fiber.df()) == fiber.arrow().num_rows
        True
    """
    return _session.current().scan(name, columns=columns, **filters)


def connect() -> duckdb.DuckDBPyConnection:
    """A DuckDB connection in which every published table is a view.

    It is a separate in-memory database in the time zone UTC; changes in it do not affect published
    tables. All tables are of one build for as long as that build is kept, whatever else is
    published. Each thread needs its own `.cursor()`. Connect again after local copies were removed.

    Returns:
        The connection, to be closed by the caller.

    Raises:
        CacheError: If the published version cannot be read.

    Examples:
        >>> import biodata_cache
        >>> with biodata_cache.connect() as duck:
        ...     names = duck.sql(
        ...         "select name, status from asset_basics join qc_status using (name) limit 2"
        ...     ).fetchall()
        >>> len(names)
        2
    """
    return _session.current().connect()


def sql(
    query: str, parameters: Mapping[str, object] | Sequence[object] | None = None
) -> pd.DataFrame:
    """The result of a query over the published tables.

    The query may also read and write other files, with the rights of the user.

    Args:
        query: One statement of DuckDB's SQL; the tables have their names.
        parameters: Values for `$name`, as a dict, or for `?`, as a list: never write values into
            the query. A list, a set, an array and a Series are lists to DuckDB.

    Returns:
        The result, its columns typed as those of the functions of the tables.

    Raises:
        duckdb.Error: If the query is invalid, or other sources that it reads fail.
        ArgumentError: If the query is not a text, or has no statement in it.
        CacheError: If a table in the query cannot be read.

    Examples:
        >>> from biodata_cache import sql
        >>> sql("select count(*) as n from assets where is_raw = $raw", {"raw": True}).columns[0]
        'n'
    """
    return _session.current().sql(query, parameters)


def custom(name: str, df: pd.DataFrame | None = None) -> pd.DataFrame:
    """Store a DataFrame under a name, or read it back.

    Custom tables belong to no version: they stay when a new one is published. The last writer of a
    name wins, and readers see the old table or the new one.

    Args:
        name: ASCII letters, digits, `_`, `-` and `.`, at most 100; not the name of a published
            table.
        df: The table to store, without its index; None to read the table of that name.

    Returns:
        The stored table with its original dtypes, lists and time zones; `df` itself if it is given.

    Raises:
        AccessError: If the cache may not be written.
        ArgumentError: If the name is invalid, or a column would not come back unchanged.
        CustomNotFoundError: If there is no table of this name; lists the existing ones.

    Examples:
        >>> import pandas as pd
        >>> from biodata_cache import custom
        >>> kept = custom("my_status", pd.DataFrame({"asset_name": ["a"], "tags": [["x", "y"]]}))
        >>> custom("my_status")["tags"][0]
        ['x', 'y']
    """
    return _session.current().custom(name, df)
