{{ config(materialized = 'view') }}

-- Grain: one row per live v1 record, in its newest version.

with version as (
    select
        _id,
        name,
        location,
        _last_modified,
        data_description,
        extra,
        is_deleted,
        row_number() over (
            partition by _id
            order by
                run desc nulls last,
                position desc nulls last
        ) as version_rank
    from {{ source('docdb_v1', 'docdb_v1') }}
)

select
    _id as record_id,
    name,
    location,
    _last_modified as last_modified,
    data_description,
    extra as extra_json
from version
where
    version_rank = 1
    and not is_deleted
