-- Grain: one row per record and check of its fibers that it fails.

with record as (
    select * from {{ ref('int_assets_joined') }}
),

implanted as (
    select
        record_id,
        list(fiber order by fiber) as fibers
    from {{ ref('int_fibers') }}
    group by all
),

device as (
    select
        record_id,
        unnest([source_device, target_device]) as device_name
    from {{ ref('stg_docdb__connections') }}
),

connected_fiber as (
    select distinct
        record_id,
        replace(device_name, '_', ' ') as fiber
    from device
    where regexp_matches(device_name, '^Fiber[ _]')
),

unknown_fiber as (
    select
        connected_fiber.record_id,
        list(connected_fiber.fiber order by connected_fiber.fiber) as fibers
    from connected_fiber
    anti join {{ ref('int_fibers') }} as fiber
        on
            connected_fiber.record_id = fiber.record_id
            and connected_fiber.fiber = fiber.fiber
    group by all
),

fiber_photometry_without_fibers as (
    select
        'fiber_photometry_without_fibers' as "check",
        record.record_id,
        record.name,
        concat('modalities ', array_to_string(record.modalities, ', '), '; implanted: none')
            as detail
    from record
    anti join implanted on record.record_id = implanted.record_id
    where contains(lower(array_to_string(record.modalities, ' ')), 'fib')
),

fiber_not_in_procedures as (
    select
        'fiber_not_in_procedures' as "check",
        record.record_id,
        record.name,
        concat(
            'connected: ', array_to_string(unknown_fiber.fibers, ', '),
            '; implanted: ', coalesce(array_to_string(implanted.fibers, ', '), 'none')
        ) as detail
    from unknown_fiber
    inner join record on unknown_fiber.record_id = record.record_id
    left join implanted on unknown_fiber.record_id = implanted.record_id
),

failed_check as (
    select * from fiber_photometry_without_fibers
    union all
    select * from fiber_not_in_procedures
)

select * from failed_check
