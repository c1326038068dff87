-- Grain: one row per record, data stream, fiber, connected patch cord and channel of it.

with connected as (
    select * from {{ ref('int_fibers_connected') }}
),

channel as (
    select
        *,
        coalesce(nullif(channel_name, ''), 'missing') as channel,
        coalesce(nullif(intended_measurement, ''), 'missing') as measurement
    from {{ ref('stg_docdb__patch_cord_channels') }}
),

ordered_channel as (
    select
        connected.record_id,
        connected.stream_position,
        connected.fiber,
        connected.patch_cord_name as patch_cord,
        channel.path,
        channel.channel,
        channel.measurement as intended_measurement,
        row_number() over (
            partition by connected.record_id, connected.fiber, channel.channel
            order by
                channel.stream_position,
                channel.configuration_position,
                channel.patch_cord_position,
                channel.position
        ) as occurrence,
        row_number() over (
            partition by
                connected.record_id, connected.fiber, channel.channel, channel.stream_position
            order by
                channel.configuration_position, channel.patch_cord_position, channel.position
        ) as occurrence_in_stream
    from connected
    inner join channel
        on
            connected.record_id = channel.record_id
            and connected.stream_position = channel.stream_position
            and connected.patch_cord_name = channel.patch_cord_name
),

compared_channel as (
    select
        record_id,
        stream_position,
        fiber,
        patch_cord,
        path,
        channel,
        intended_measurement,
        occurrence = 1 as is_first,
        -- Streams of one acquisition repeat their channels, but no stream its own.
        occurrence > 1
        and occurrence_in_stream = 1
        and patch_cord = first_value(patch_cord) over first_channel
        and intended_measurement = first_value(intended_measurement) over first_channel
            as is_repetition
    from ordered_channel
    window
        first_channel as (partition by record_id, fiber, channel order by occurrence)
)

select * from compared_channel
