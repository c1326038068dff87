-- Grain: one row per record, data stream, patch cord and channel.

{%- set fields = {
    'element': 'object or channel_name',
    'channel.channel_name': 'text',
    'channel.intended_measurement': 'text',
} %}

with elements as (
    select
        record_id,
        stream_position,
        configuration_position,
        position as patch_cord_position,
        patch_cord_name,
        {{ explode_list(fields, 'channel', 'channels_json', "concat(path, '.channels')") }}
            as element
    from {{ ref('stg_docdb__patch_cords') }}
),

channels as (
    select
        record_id,
        stream_position,
        configuration_position,
        patch_cord_position,
        patch_cord_name,
        element,
        {{ json_object(fields, 'element', 'channel') }} as channel
    from elements
)

select
    record_id,
    stream_position,
    configuration_position,
    patch_cord_position,
    patch_cord_name,
    element.position,
    channel.path,
    {{ read(fields, 'channel.channel_name') }} as channel_name,
    {{ read(fields, 'channel.intended_measurement') }} as intended_measurement,
    {{ invalid_fields(fields) }} as invalid_fields
from channels
