-- Grain: one row per record and check that it fails.

with record_v1 as (
    select * from {{ ref('stg_docdb_v1__records') }}
),

record_v2 as (
    select * from {{ ref('int_assets_joined') }}
),

source as (
    select distinct
        record_id,
        source_name
    from {{ ref('stg_docdb__sources') }}
    where source_name != ''
),

counted as (
    select
        record_id,
        name,
        count(*) over (partition by name) as record_count
    from record_v2
    where name is not null
),

duplicate_name as (
    select
        'duplicate_name_v2' as "check",
        record_id,
        name,
        concat(record_count, ' records have this name') as detail
    from counted
    where record_count > 1
),

missing_in_v2 as (
    select
        'v1_name_missing_in_v2' as "check",
        record_v1.record_id,
        record_v1.name,
        coalesce(record_v1.location, 'no location') as detail
    from record_v1
    anti join record_v2 on record_v1.name = record_v2.name
),

lost_source as (
    select
        source.record_id,
        list(source.source_name order by source.source_name) as source_names
    from source
    anti join record_v2 on source.source_name = record_v2.name
    group by all
),

source_not_found as (
    select
        'source_not_found' as "check",
        record_v2.record_id,
        record_v2.name,
        array_to_string(lost_source.source_names, ', ') as detail
    from lost_source
    inner join record_v2 on lost_source.record_id = record_v2.record_id
),

location_missing as (
    select
        'location_missing' as "check",
        record_id,
        name,
        'the record has no location' as detail
    from record_v2
    where location is null
),

gathered as (
    select * from duplicate_name
    union all
    select * from missing_in_v2
    union all
    select * from source_not_found
    union all
    select * from location_missing
)

select * from gathered
