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

connected as (
    select * from {{ ref('int_fibers_connected') }}
),

channel as (
    select
        *,
        coalesce(nullif(channel_name, ''), 'missing') as channel
    from {{ ref('stg_docdb__patch_cord_channels') }}
),

joined as (
    select
        asset.name as asset_name,
        fiber.fiber,
        connected.patch_cord_name as patch_cord,
        channel.channel,
        coalesce(nullif(channel.intended_measurement, ''), 'missing') as intended_measurement,
        fiber.targeted_structure,
        fiber.target_coordinate_ap,
        fiber.target_coordinate_ml,
        fiber.target_coordinate_si,
        fiber.target_coordinate_depth,
        fiber.coordinate_system_name as target_coordinate_system,
        fiber.coordinate_system_origin as target_coordinate_origin,
        fiber.coordinate_system_unit as target_coordinate_unit
    from connected
    inner join asset on connected.record_id = asset.record_id
    inner join fiber
        on
            connected.record_id = fiber.record_id
            and connected.fiber = fiber.fiber
    inner join channel
        on
            connected.record_id = channel.record_id
            and connected.stream_position = channel.stream_position
            and connected.patch_cord_name = channel.patch_cord_name
    -- Streams of one acquisition repeat their channels: the first one stands for them.
    qualify row_number() over (
        partition by asset.name, fiber.fiber, channel.channel
        order by
            channel.stream_position,
            channel.configuration_position,
            channel.patch_cord_position,
            channel.position,
            connected.patch_cord_name
    ) = 1
)

select * from joined
