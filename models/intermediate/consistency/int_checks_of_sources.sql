-- Grain: one row per record and check of its sources that it fails.

with record as (
    select * from {{ ref('int_assets_joined') }}
),

source as (
    select distinct
        record_id,
        source_name
    from {{ ref('stg_docdb__sources') }}
    where source_name != ''
),

lost_source as (
    select
        source.record_id,
        list(source.source_name order by source.source_name) as source_names
    from source
    anti join record on source.source_name = record.name
    group by all
),

source_not_found as (
    select
        'source_not_found' as "check",
        record.record_id,
        record.name,
        array_to_string(lost_source.source_names, ', ') as detail
    from lost_source
    inner join record on lost_source.record_id = record.record_id
),

derived_without_source as (
    select
        'derived_without_source' as "check",
        record.record_id,
        record.name,
        'data_level derived, no source_data' as detail
    from record
    anti join source on record.record_id = source.record_id
    where record.data_level = 'derived'
),

failed_check as (
    select * from source_not_found
    union all
    select * from derived_without_source
)

select * from failed_check
