-- Grain: one row per record and check of its names that it fails.

with record_v1 as (
    select * from {{ ref('stg_docdb_v1__identities') }}
    where name != ''
),

record_v2 as (
    select * from {{ ref('int_assets_joined') }}
),

counted_record as (
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
    from counted_record
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

name_differs as (
    select
        'name_differs' as "check",
        record_v2.record_id,
        record_v2.name,
        concat(
            'name ', record_v2.name, ', data_description.name ', description.description_name
        ) as detail
    from record_v2
    inner join {{ ref('stg_docdb__data_descriptions') }} as description
        on record_v2.record_id = description.record_id
    where
        record_v2.name != ''
        and description.description_name != ''
        and record_v2.name != description.description_name
),

subject_differs as (
    select
        'subject_differs' as "check",
        record_v2.record_id,
        record_v2.name,
        concat_ws(
            ', ',
            concat('subject.subject_id ', record_v2.subject_id),
            'acquisition.subject_id ' || acquisition.subject_id,
            'data_description.subject_id ' || description.subject_id,
            'procedures.subject_id ' || procedures.subject_id
        ) as detail
    from record_v2
    left join {{ ref('stg_docdb__acquisitions') }} as acquisition
        on record_v2.record_id = acquisition.record_id
    left join {{ ref('stg_docdb__data_descriptions') }} as description
        on record_v2.record_id = description.record_id
    left join {{ ref('stg_docdb__procedures') }} as procedures
        on record_v2.record_id = procedures.record_id
    where
        record_v2.subject_id != ''
        and (
            record_v2.subject_id != nullif(acquisition.subject_id, '')
            or record_v2.subject_id != nullif(description.subject_id, '')
            or record_v2.subject_id != nullif(procedures.subject_id, '')
        )
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

failed_check as (
    select * from duplicate_name
    union all
    select * from missing_in_v2
    union all
    select * from name_differs
    union all
    select * from subject_differs
    union all
    select * from location_missing
)

select * from failed_check
