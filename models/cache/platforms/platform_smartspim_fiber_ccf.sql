-- Grain: one row per derived SmartSPIM asset and fiber, implanted or located in a metric.

with asset as (
    select * from {{ ref('int_spim_assets') }}
    where
        not is_raw
        and not is_exaspim
),

implanted_fiber as (
    select
        fiber.record_id,
        fiber.fiber,
        fiber.targeted_structure
    from {{ ref('int_fibers') }} as fiber
    inner join {{ ref('stg_docdb__implanted_devices') }} as device
        on
            fiber.record_id = device.record_id
            and fiber.surgery_position = device.surgery_position
            and fiber.implant_position = device.position
    where device.device_type = 'Fiber probe'
),

-- Tips are found in stitched images; a fiber stands here before anybody looked for its tip.
awaited_fiber as (
    select
        implanted_fiber.record_id,
        implanted_fiber.fiber
    from implanted_fiber
    inner join asset on implanted_fiber.record_id = asset.record_id
    where contains(lower(asset.name), 'stitched')
),

tip as (
    select * from {{ ref('int_fiber_tips') }}
    where is_last_of_fiber
),

fiber as (
    select
        record_id,
        fiber
    from awaited_fiber

    union

    select
        record_id,
        fiber
    from tip
),

asset_fiber as (
    select
        asset.subject_id,
        asset.name,
        fiber.fiber,
        coalesce(implanted_fiber.targeted_structure, 'missing') as targeted_structure,
        tip.ap,
        tip.ml,
        tip.dv,
        tip.status,
        tip.evaluator,
        tip.evaluated_text as status_timestamp,
        tip.reference as ccf_link
    from asset
    inner join fiber on asset.record_id = fiber.record_id
    left join implanted_fiber
        on
            fiber.record_id = implanted_fiber.record_id
            and fiber.fiber = implanted_fiber.fiber
    left join tip
        on
            fiber.record_id = tip.record_id
            and fiber.fiber = tip.fiber
)

select * from asset_fiber
