-- Grain: one row per version of a record that a newer one, or a tombstone, supersedes.
-- Few rows, made once a run, so that the base view reads the rest of the lake as it is.

with version as (
    select
        _id,
        name,
        _last_modified,
        run,
        position,
        is_deleted
    from {{ source('docdb', 'docdb_v2') }}
),

ranked_version as (
    select
        *,
        rank() over (
            partition by _id
            order by
                run desc nulls last,
                -- A source may have several documents with one _id: the newest is used.
                {{ parse_timestamp('_last_modified') }} desc nulls last,
                _last_modified desc nulls last,
                position desc nulls last
        ) as version_rank
    from version
)

select
    _id as record_id,
    name,
    _last_modified as last_modified,
    run,
    position
from ranked_version
where
    version_rank > 1
    and not is_deleted
