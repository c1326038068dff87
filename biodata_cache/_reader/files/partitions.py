"""Lists the partitions of a table, from the object that lists the public files of a build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata_cache._core.errors import ArgumentError
from biodata_cache._reader.files import connections as _connections
from biodata_cache._reader.files.catalog import partition_not_found

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from biodata_cache._core.registry.entries import CacheRegistry, TableEntry
    from biodata_cache._reader.files.catalog import PublishedCache

# Grain: one row per partition of a table.
_PARTITIONS = """
select key_value, rows, bytes, sha256
from read_parquet($file, hive_partitioning = false)
where table_name = $table and key_value is not null
order by key_value
"""
SUBJECT = "subject_id"


def frame(cache: PublishedCache, name: str) -> pd.DataFrame:
    """The partitions of a table: value of the key, rows, bytes and sha256 of the public file.

    Raises:
        ArgumentError: If the table is not partitioned.
        TableNotFoundError: If there is no such table.
    """
    import pandas as pd  # noqa: PLC0415  # not before it is needed

    def read(registry: CacheRegistry) -> pd.DataFrame:
        entry = registry[name]
        if entry.partition_key is None:
            raise ArgumentError(f"{name} is one file, so that it has no partitions.")
        rows = listed(cache, registry, entry)
        keys, counts, sizes, hashes = zip(*rows, strict=True) if rows else ((), (), (), ())
        text = pd.Series(["text"]).dtype
        return pd.DataFrame(
            {
                entry.partition_key: pd.Series(keys, dtype=text),
                "rows": pd.Series(counts, dtype="Int64"),
                "bytes": pd.Series(sizes, dtype="Int64"),
                "sha256": pd.Series(hashes, dtype=text),
            }
        )

    return _connections.consistently(cache, read)


def listed(
    cache: PublishedCache, registry: CacheRegistry, entry: TableEntry
) -> list[tuple[str, int | None, int | None, str | None]]:
    """Value, rows, bytes and sha256 of the partitions of a table; older publishers give a value."""
    public_files = cache.public_files(registry)
    if public_files is None or not entry.objects:
        return [(value, None, None, None) for value in cache.partitions(entry)]
    with _connections.connection(cache, [public_files], is_whole=True) as (duck, (location,)):
        return duck.execute(_PARTITIONS, {"file": location, "table": entry.name}).fetchall()


def values(cache: PublishedCache, registry: CacheRegistry, entry: TableEntry) -> list[str]:
    """Values of the partition key of a table, sorted."""
    return [value for value, *_ in listed(cache, registry, entry)]


def check(
    cache: PublishedCache, registry: CacheRegistry, entry: TableEntry, filters: Mapping[str, object]
) -> None:
    """Check that the partition exists when a filter selects a single value of the key.

    Only for tables with objects, where a missing partition simply has no rows; for public files,
    `PublishedCache.files` checks it. Subjects are not checked: one may have no rows.

    Raises:
        PartitionNotFoundError: If the table has no partition of this value.
    """
    value = filters.get(str(entry.partition_key))
    if not (entry.objects and isinstance(value, str)) or entry.partition_key == SUBJECT:
        return
    known = values(cache, registry, entry)
    if value not in known:
        raise partition_not_found(entry, value, known)
