-- Grain: one row per record, data stream, patch cord and channel.

with exploded as (
    select
        record_id,
        stream_position,
        position as patch_cord_position,
        patch_cord_name,
        {{ explode(json_struct('channels_json', ['json']), 'position', 'element') }}
    from {{ ref('stg_docdb__patch_cords') }}
),

parsed as (
    select
        record_id,
        stream_position,
        patch_cord_position,
        patch_cord_name,
        position,
        element,
        {{ json_struct('element', {
            'channel_name': 'json',
            'intended_measurement': 'json'
        }) }} as channel
    from exploded
),

judged as (
    select
        record_id,
        stream_position,
        patch_cord_position,
        patch_cord_name,
        position,
        element,
        channel,
        {{ invalid_fields({
            'element': ['element', 'object'],
            'channel_name': ['channel.channel_name', 'string'],
            'intended_measurement': ['channel.intended_measurement', 'string']
        }) }} as invalid_fields
    from parsed
)

select
    record_id,
    stream_position,
    patch_cord_position,
    patch_cord_name,
    position,
    {{ json_text('channel.channel_name') }} as channel_name,
    {{ json_text('channel.intended_measurement') }} as intended_measurement,
    invalid_fields,
    case when invalid_fields is not null then cast(element as varchar) end as invalid_json
from judged
