{{ config(materialized = 'ephemeral' if target.type == 'spark' else 'view') }}

-- Grain: one row per live record, in its newest version.
-- A view: the JSON stays in the lake, and each model below reads the sections that it needs.

with lake as (
    select * from {{ source('docdb', 'docdb_v2') }}
),

superseded_version as (
    select
        record_id,
        run,
        position
    from {{ ref('stg_docdb__superseded_versions') }}
),

live_record as (
    select lake.*
    from lake
    left join superseded_version
        on
            lake._id = superseded_version.record_id
            and lake.run = superseded_version.run
            and lake.position = superseded_version.position
    where
        superseded_version.record_id is null
        and not lake.is_deleted
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
