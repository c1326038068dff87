-- Grain: one row per asset name, fiber and channel.

with asset as (
    select
        record_id,
        name
    from {{ ref('int_assets_joined') }}
    where
        is_current
        and contains(lower(array_to_string(modalities, ' ')), 'fib')
),

fiber as (
    select * from {{ ref('int_fibers') }}
),

channel as (
    select * from {{ ref('int_fiber_channels') }}
    where is_first
),

placed_channel as (
    select
        asset.name as asset_name,
        channel.fiber,
        channel.patch_cord,
        channel.channel,
        channel.intended_measurement,
        fiber.targeted_structure,
        fiber.target_coordinate_ap,
        fiber.target_coordinate_ml,
        fiber.target_coordinate_si,
        fiber.target_coordinate_depth,
        fiber.coordinate_system_name as target_coordinate_system,
        fiber.coordinate_system_origin as target_coordinate_origin,
        fiber.coordinate_system_unit as target_coordinate_unit
    from channel
    inner join asset on channel.record_id = asset.record_id
    inner join fiber
        on
            channel.record_id = fiber.record_id
            and channel.fiber = fiber.fiber
)

select * from placed_channel
