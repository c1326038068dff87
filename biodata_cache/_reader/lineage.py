"""Finds the assets that are derived from raw assets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata_cache._core import messages as _messages
from biodata_cache._core.errors import NotFoundWarning
from biodata_cache._reader.files import connections as _connections

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from biodata_cache._core.registry.entries import CacheRegistry
    from biodata_cache._reader.files.catalog import PublishedCache

# Grain: one row per requested asset name.
_DERIVED = """
with requested as (
    select distinct unnest($names::varchar[]) as asset_name
),

basics as materialized (
    select name, _id, _last_modified, modalities
    from read_parquet($basics, hive_partitioning = false)
),

sources as materialized (
    -- One row per asset and source, also if the file repeats some.
    select
        source_data,
        name,
        coalesce(max(pipeline_name), '') as pipeline_name,
        coalesce(max(processing_time), '') as processing_time
    from read_parquet($sources, hive_partitioning = false)
    group by all
),

known as (
    select name from basics
    union
    select name from sources
    union
    select source_data from sources where source_data != ''
),

records as (
    -- Names are not unique: the newest record of a name is used.
    select name, modalities
    from basics
    qualify
        row_number() over (
            partition by name
            order by try_cast(_last_modified as timestamptz) desc nulls last, _id
        ) = 1
),

measured as (
    select name
    from records
    where
        len(list_filter(
            modalities, lambda modality: contains(lower(modality), lower($modality::varchar))
        )) > 0
),

matched as (
    select requested.asset_name, sources.name, sources.pipeline_name, sources.processing_time
    from requested
    inner join sources on requested.asset_name = sources.source_data
    where $modality::varchar is null or sources.name in (select measured.name from measured)
),

kept as (
    -- Text order is time order: all processing times have the form `YYYY-MM-DD_HH-MM-SS`.
    select asset_name, name, pipeline_name, processing_time
    from matched
    qualify
        not $latest
        or row_number() over (
            partition by asset_name, pipeline_name
            order by processing_time desc, name desc
        ) = 1
),

listed as (
    select
        requested.asset_name,
        requested.asset_name in (
            select known.name from known where known.name is not null
        ) as is_known,
        coalesce(
            list(kept.name order by kept.processing_time, kept.name)
                filter (where kept.name is not null),
            []
        ) as derived_names
    from requested
    left join kept on requested.asset_name = kept.asset_name
    group by all
)

select * from listed
"""

# Grain: one row per asset name that is similar to the requested one.
_NEAREST = """
with known as (
    select name from read_parquet($basics, hive_partitioning = false)
    union
    select name from read_parquet($sources, hive_partitioning = false)
),

compared as (
    select name, jaro_winkler_similarity(name, $name) as likeness
    from known
    where name is not null
)

select name
from compared
where likeness > 0.8
order by likeness desc, name
limit 3
"""


def derived_names(
    cache: PublishedCache, names: Sequence[str], *, latest: bool, modality: str | None
) -> dict[str, list[str]]:
    """Names of the assets derived from each asset, in one pass over each table.

    Args:
        cache: The cache.
        names: Names of raw assets.
        latest: Keep only the newest asset per pipeline name.
        modality: Keep only assets with this text in a modality abbreviation, ignoring case.

    Warns:
        NotFoundWarning: If some of the names are in no table; their lists are empty.
    """
    requested = {"names": list(names), "latest": latest, "modality": modality}

    def read(registry: CacheRegistry) -> dict[str, list[str]]:
        basics = cache.files(registry["asset_basics"])
        sources = cache.files(registry["source_data"])
        with _connections.connection(cache, [*basics, *sources]) as (duck, paths):
            locations = {"basics": paths[: len(basics)], "sources": paths[len(basics) :]}
            rows = duck.execute(_DERIVED, locations | requested).fetchall()
            known = {name: derived for name, is_known, derived in rows if is_known}
            unknown = [name for name in dict.fromkeys(names) if name not in known]
            if unknown:
                _warn_of(duck, unknown, locations)
        return {name: known.get(name, []) for name in names}

    return _connections.consistently(cache, read)


def _warn_of(
    duck: duckdb.DuckDBPyConnection, unknown: list[str], locations: dict[str, list[str]]
) -> None:
    """Warn about names that are in no table, with similar names."""
    nearest = duck.execute(_NEAREST, locations | {"name": unknown[0]}).fetchall()
    like = (
        f" Nearest to the first: {_messages.few([name for (name,) in nearest])}." if nearest else ""
    )
    _messages.warn(
        f"The published cache has no asset {_messages.few(unknown)}.{like}", NotFoundWarning
    )
