"""The functions that read the cache which the settings name; each is a method of `Cache`, too."""

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
        The registry: iterate over it, or ask for a table by name.

    Raises:
        CacheNotFoundError: If the version is not published there.
        RegistryError: If the registry cannot be read.

    Example:
        >>> from biodata_cache import get_cache_registry
        >>> get_cache_registry()["quality_control"].partition_key
        'subject_id'
    """
    return _session.current().tables()


def qc_columns() -> list[ColumnEntry]:
    """The columns of `quality_control`, each with its name and text.

    Returns:
        One entry per column, in their order.

    Example:
        >>> from biodata_cache import qc_columns
        >>> [column.name for column in qc_columns()][:2]
        ['name', 'stage']
    """
    return list(_session.current().tables()["quality_control"].columns)


def get_cache_versions() -> list[str]:
    """The version folders that are released at the root, the newest last.

    Returns:
        Names such as `bdc-v0.50.0`; empty if nothing is released.

    Raises:
        RegistryError: If the index cannot be read.

    Warns:
        VersionWarning: If the installed package is newer than all of them; once for each process.

    Example:
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

    Example:
        >>> from biodata_cache import table_info
        >>> info = table_info("quality_control")
        >>> info.partition_key, info.columns[0].type
        ('subject_id', 'VARCHAR')
    """
    return _session.current().table_info(name)


def use_version(version: str | None) -> None:
    """Read this version from now on, in this process, whatever the settings say.

    Args:
        version: Version folder, such as `"bdc-v0.50.0"`, or `"0.50.0"`; None: as the settings say.

    Raises:
        ArgumentError: If it is not a text.
        CacheNotFoundError: If it is not published; says which are.
        SettingsError: If it is not a version.

    Example:
        >>> from biodata_cache import get_cache_versions, use_version
        >>> use_version(get_cache_versions()[-1])
        >>> use_version(None)
    """
    _session.use_version(version)


def builds() -> list[str]:
    """The builds of the version that are kept, and the live one, the newest last.

    Returns:
        Names such as `20260131T081500Z-0a1b2c3d`: the time in UTC, and a hash of the content. Empty
        if the version was published by a package that made no builds.

    Raises:
        CacheNotFoundError: If the version is not published.
        RegistryError: If its registry cannot be read.

    Example:
        >>> from biodata_cache import builds, get_cache_registry
        >>> get_cache_registry().build in builds()
        True
    """
    return _session.current().builds()


def use_build(build: str | None) -> None:
    """Read this build from now on, in this process; `use_version` goes back to the live one.

    A build stays as it is, whatever is published meanwhile, for as long as it is kept.

    Args:
        build: Name of a build that is kept; None: the live one.

    Raises:
        ArgumentError: If it is not the name of a build.
        CacheNotFoundError: If it is not kept; says which are.

    Example:
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
        since: Name of the earlier build, or a time: then the build that was live at that time. A
            day is its beginning, in UTC.

    Returns:
        One row per key that differs. `change` is `added`, `removed` or `changed`;
        `changed_columns`, of a row that changed, an array of the columns that differ. The columns
        of the table follow, with the values of the build that is read; those of a removed row are
        of the earlier build.

    Raises:
        ArgumentError: If `since` is neither, or the table has no key.
        CacheNotFoundError: If there is no such build, or none is kept from that time or before.
        TableNotFoundError: If one of the builds does not have the table.

    Example:
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
        One row per key that differs, as `changes` gives it.

    Raises:
        ArgumentError: If the table has no key that both versions have.
        CacheNotFoundError: If one of the versions is not published.
        TableNotFoundError: If one of them does not have the table.

    Example:
        >>> from biodata_cache import compare, get_cache_versions
        >>> newest = get_cache_versions()[-1]
        >>> len(compare(newest, newest, "assets"))
        0
    """
    return _session.current().compare(earlier, later, table)


def partitions(table: str) -> pd.DataFrame:
    """The partitions of a table, with the size of each.

    Args:
        table: Name of a table that is in partitions.

    Returns:
        One row per partition: the value of its key, in a column of the name of the key, and
        `rows`, `bytes` and `sha256` of its public file.

    Raises:
        ArgumentError: If the table is not in partitions.
        TableNotFoundError: If there is no such table.

    Example:
        >>> from biodata_cache import partitions
        >>> partitions("quality_control").columns.tolist()
        ['subject_id', 'rows', 'bytes', 'sha256']
    """
    return _session.current().partitions(table)


def scan(name: str, /, *, columns: Sequence[str] | None = None, **filters: FilterValue) -> Scan:
    """A published table, some of its columns and rows, not read yet.

    Args:
        name: Name of the table, for example `"asset_basics"`; by position, since columns may be
            called `name`.
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold, as for the functions of the tables. One on the column that
            a table is in partitions by chooses the files that are read.

    Returns:
        A query that each of its methods runs.

    Raises:
        TableNotFoundError: If there is no such table.
        PartitionNotFoundError: If there is no partition of the one value that is given.
        ArgumentError: If there is no such column, or a filter does not fit it.

    Example:
        >>> from biodata_cache import scan
        >>> fiber = scan("asset_basics", columns=["name", "age"], modalities="fib")
        >>> fiber.columns
        ['name', 'age']
        >>> len(fiber.df()) == fiber.arrow().num_rows
        True
    """
    return _session.current().scan(name, columns=columns, **filters)


def connect() -> duckdb.DuckDBPyConnection:
    """A connection of DuckDB in which every published table is a view.

    It is a database in memory of its own, in the time zone UTC: what is done in it changes nothing
    that is published. All tables are of one build, and stay so whatever is published meanwhile, for
    as long as that build is kept. Each thread needs a `.cursor()` of its own. After copies on this
    machine were removed, connect again.

    Returns:
        The connection, to be closed by the caller.

    Raises:
        CacheError: If the published version cannot be read.

    Example:
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

    Other files are read and written as the query says, with the rights of whoever runs it.

    Args:
        query: One statement of DuckDB's SQL; the tables have their names.
        parameters: Values for `$name`, as a dict, or for `?`, as a list: never write values into
            the query. A list, a set, an array and a Series are lists to DuckDB.

    Returns:
        The result, its columns typed as those of the functions of the tables.

    Raises:
        duckdb.Error: If the query is wrong, or what it reads beside the tables cannot be read.
        ArgumentError: If the query is not a text, or has no statement in it.
        CacheError: If a table that it names cannot be read.

    Example:
        >>> from biodata_cache import sql
        >>> sql("select count(*) as n from assets where is_raw = $raw", {"raw": True}).columns[0]
        'n'
    """
    return _session.current().sql(query, parameters)


def custom(name: str, df: pd.DataFrame | None = None) -> pd.DataFrame:
    """Keep a DataFrame under a name of your own, or read it back.

    Custom tables belong to no version: they stay when a new one is published. The last writer of a
    name wins, and readers see the old table or the new one.

    Args:
        name: ASCII letters, digits, `_`, `-` and `.`, at most 100; not the name of a published
            table.
        df: What to keep; without it, the table of that name is read. The index is not kept.

    Returns:
        The table as it was kept: same types, lists, time zones and texts; `df`, if that is given.

    Raises:
        AccessError: If the cache may not be written.
        ArgumentError: If the name cannot be used, or a column would not come back as it is.
        CustomNotFoundError: If there is no table of this name; says which there are.

    Example:
        >>> import pandas as pd
        >>> from biodata_cache import custom
        >>> kept = custom("my_status", pd.DataFrame({"asset_name": ["a"], "tags": [["x", "y"]]}))
        >>> custom("my_status")["tags"][0]
        ['x', 'y']
    """
    return _session.current().custom(name, df)
