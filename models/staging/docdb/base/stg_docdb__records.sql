{{ config(materialized = 'ephemeral' if target.type == 'spark' else 'view') }}

-- Grain: one row per live record, in its newest version.
-- A view: the JSON stays in the lake, and each model below reads the sections that it needs.

-- The lake is read twice: DuckDB would keep a CTE that is used twice in memory.
-- All versions of a record are in one bucket, so that of a bucket both times only that is read.
with version as (
    select
        bucket,
        _id,
        _last_modified,
        run,
        position,
        is_deleted
    from {{ source('docdb', 'docdb_v2') }}
),

lake as (
    select * from {{ source('docdb', 'docdb_v2') }}
),

ranked_version as (
    select
        bucket,
        _id,
        run,
        position,
        is_deleted,
        row_number() over (
            partition by bucket, _id
            order by
                run desc nulls last,
                -- A source may have several documents with one _id: the newest is used.
                {{ parse_timestamp('_last_modified') }} desc nulls last,
                _last_modified desc nulls last,
                position desc nulls last
        ) as version_rank
    from version
),

newest_version as (
    select
        bucket,
        _id,
        run,
        position
    from ranked_version
    where
        version_rank = 1
        and not is_deleted
),

live_record as (
    select lake.*
    from lake
    inner join newest_version
        on
            lake.bucket = newest_version.bucket
            and lake._id = newest_version._id
            and lake.run = newest_version.run
            and lake.position = newest_version.position
    where not lake.is_deleted
)

select
    _id as record_id,
    name,
    location,
    _created as created,
    _last_modified as last_modified,
    schema_version,
    run,
    extracted_at,
    position,
    source,
    bucket,
    content_hash,
    subject,
    data_description,
    procedures,
    instrument,
    acquisition,
    processing,
    quality_control,
    model,
    other_identifiers,
    extra as extra_json
from live_record
