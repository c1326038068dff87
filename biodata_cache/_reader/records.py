"""Reads whole records as dicts."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from biodata_cache._core.errors import CacheFileError
from biodata_cache._core.messages import few
from biodata_cache._reader.files import connections as _connections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata_cache._core.registry.entries import CacheRegistry
    from biodata_cache._reader.files.catalog import PublishedCache
    from biodata_cache._storage.base import DataFile

# Grain: one row per requested name or id that exists, with its record.
_NAMED = """
with basics as materialized (
    select name, _id, _last_modified
    from read_parquet($basics, hive_partitioning = false)
    where _id in (select unnest($requested)) or name in (select unnest($requested))
),

named as (
    select _id as requested, _id from basics where _id in (select unnest($requested))
    union all
    -- Names are not unique: the newest record of a name is used.
    (
        select name as requested, _id
        from basics
        where name in (select unnest($requested)) and name not in (select _id from basics)
        qualify
            row_number() over (
                partition by name
                order by try_cast(_last_modified as timestamptz) desc nulls last, _id
            ) = 1
    )
)

select requested, _id from named
"""
_RECORDS = """
select * from read_parquet($files, hive_partitioning = false)
where _id in (select unnest($ids))
"""
_PLAIN = ("_id", "name", "location", "_created", "_last_modified", "schema_version")


def records(cache: PublishedCache, texts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Records by these names of assets or values of `_id`; unknown ones are left out."""

    def read(registry: CacheRegistry) -> dict[str, dict[str, Any]]:
        entry = registry["records"]
        basics = cache.files(registry["asset_basics"])
        with _connections.connection(cache, basics) as (duck, locations):
            given = {"basics": locations, "requested": list(texts)}
            ids: dict[str, str] = dict(duck.execute(_NAMED, given).fetchall())
        if not ids:
            return {}
        every = cache.files(entry)
        needed = sorted({_bucket(each) for each in ids.values()})
        files = [every[bucket] for bucket in needed] if len(every) == _BUCKETS else every
        with _connections.connection(cache, files) as (duck, locations):
            rows = duck.execute(_RECORDS, {"files": locations, "ids": list(ids.values())})
            columns = [column[0] for column in rows.description or ()]
            found = [dict(zip(columns, row, strict=True)) for row in rows.fetchall()]
        try:
            records_by_id = {row["_id"]: _document(row) for row in found}
        except (TypeError, ValueError, RecursionError) as error:
            raise _damaged(files, str(error)) from None
        missing = [each for each in ids.values() if each not in records_by_id]
        if missing:
            raise _damaged(files, f"there is no record {missing[0]!r}")
        return {text: records_by_id[ids[text]] for text in dict.fromkeys(texts) if text in ids}

    return _connections.consistently(cache, read)


_BUCKETS = 16


def _damaged(files: Sequence[DataFile], reason: str) -> CacheFileError:
    addresses = few([file.address for file in files])
    return CacheFileError(f"A record in {addresses} is damaged ({reason}): publish a new build.")


def _bucket(record_id: str) -> int:
    """The object that holds a record: the first hexadecimal digit of the md5 of its `_id`."""
    return hashlib.md5(record_id.encode(), usedforsecurity=False).digest()[0] >> 4


def _document(row: dict[str, str | None]) -> dict[str, Any]:
    """The record as in the database; NULL columns are keys that it does not have."""
    document: dict[str, Any] = {}
    for key, text in row.items():
        if text is None:
            continue
        if key in _PLAIN:
            document[key] = text
        elif key == "extra":
            document |= json.loads(text)
        else:
            document[key] = json.loads(text)
    return document
