-- Grain: one row per record, data stream, fiber and patch cord that are connected there.

with connection as (
    select
        *,
        replace(source_device, '_', ' ') as source_fiber,
        replace(target_device, '_', ' ') as target_fiber
    from {{ ref('stg_docdb__connections') }}
),

fiber as (
    select * from {{ ref('int_fibers') }}
),

patch_cord as (
    select distinct
        record_id,
        stream_position,
        patch_cord_name
    from {{ ref('stg_docdb__patch_cords') }}
),

cord_to_fiber as (
    select
        connection.record_id,
        connection.stream_position,
        fiber.fiber,
        connection.source_device as patch_cord_name
    from connection
    inner join fiber
        on
            connection.record_id = fiber.record_id
            and connection.target_fiber = fiber.fiber
),

-- Upgraded records have the connection in the opposite direction.
fiber_to_cord as (
    select
        connection.record_id,
        connection.stream_position,
        fiber.fiber,
        connection.target_device as patch_cord_name
    from connection
    inner join fiber
        on
            connection.record_id = fiber.record_id
            and connection.source_fiber = fiber.fiber
),

connected_device as (
    select * from cord_to_fiber
    union
    select * from fiber_to_cord
),

connected_cord as (
    select connected_device.*
    from connected_device
    inner join patch_cord
        on
            connected_device.record_id = patch_cord.record_id
            and connected_device.stream_position = patch_cord.stream_position
            and connected_device.patch_cord_name = patch_cord.patch_cord_name
)

select * from connected_cord
