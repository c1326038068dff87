{{ config(materialized = 'view') }}

-- Grain: one row per live record, in its newest version.
-- A view: the JSON stays in the lake, and each model below reads the sections that it needs.

-- Two readings of the lake: of one that is used twice DuckDB would keep a copy in memory.
with version as (
    select
        _id,
        _last_modified,
        run,
        position,
        is_deleted
    from {{ source('biodata_cache', 'docdb_v2') }}
),

lake as (
    select * from {{ source('biodata_cache', 'docdb_v2') }}
),

ranked as (
    select
        _id,
        run,
        position,
        is_deleted,
        row_number() over (
            partition by _id
            order by
                run desc nulls last,
                -- A source may hold several documents with one _id: the newest counts.
                {{ parse_timestamp('_last_modified') }} desc nulls last,
                _last_modified desc nulls last,
                position desc nulls last
        ) as version_rank
    from version
),

newest as (
    select
        _id,
        run,
        position
    from ranked
    where
        version_rank = 1
        and not is_deleted
),

kept as (
    select
        lake.*,
        -- Identity that is not a text stays with the rest of the document.
        {{ json_struct('lake.extra', {
            'name': 'json',
            'location': 'json',
            '_created': 'json',
            '_last_modified': 'json'
        }) }} as odd_identity
    from lake
    inner join newest
        on
            lake._id = newest._id
            and lake.run = newest.run
            and lake.position = newest.position
    where not lake.is_deleted
)

select
    _id as record_id,
    coalesce(name, {{ json_text('odd_identity.name') }}) as name,
    coalesce(location, {{ json_text('odd_identity.location') }}) as location,
    coalesce(_created, {{ json_text('odd_identity._created') }}) as created,
    coalesce(_last_modified, {{ json_text('odd_identity._last_modified') }}) as last_modified,
    run,
    extracted_at,
    position,
    source,
    bucket,
    subject,
    data_description,
    procedures,
    instrument,
    acquisition,
    processing,
    quality_control,
    other_identifiers,
    {{ invalid_fields({
        'name': ['odd_identity.name', 'string'],
        'location': ['odd_identity.location', 'string'],
        '_created': ['odd_identity._created', 'string'],
        '_last_modified': ['odd_identity._last_modified', 'string']
    }) }} as invalid_fields,
    extra as invalid_json
from kept
