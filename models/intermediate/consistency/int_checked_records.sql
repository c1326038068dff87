-- Grain: one row per record, of either version, that checks of consistency look at.

with record_v1 as (
    select
        'v1' as record_kind,
        record_id,
        name,
        location,
        last_modified as record_last_modified
    from {{ ref('stg_docdb_v1__identities') }}
    where name != ''
),

record_v2 as (
    select
        'v2' as record_kind,
        record_id,
        name,
        location,
        case when last_modified_at is not null then last_modified end as record_last_modified
    from {{ ref('int_assets_joined') }}
),

record as (
    select * from record_v1
    union all
    select * from record_v2
)

select * from record
