-- Grain: one row per record, data stream and patch cord configuration.

with record as (
    select
        record_id,
        acquisition
    from {{ ref('stg_docdb__records') }}
    -- Streams of other records are large, and hold no patch cord.
    where contains(acquisition, 'Patch cord config')
),

stream as (
    select
        record_id,
        {{ explode(
            json_elements('acquisition', 'data_streams'), 'stream_position', 'stream_json'
        ) }}
    from record
),

configuration as (
    select
        record_id,
        stream_position,
        {{ explode(json_elements('stream_json', 'configurations'), 'position', 'element') }}
    from stream
),

parsed as (
    select
        record_id,
        stream_position,
        position,
        element,
        {{ json_struct('element', {
            'object_type': 'text',
            'device_name': 'json',
            'channels': 'json'
        }) }} as patch_cord
    from configuration
),

judged as (
    select
        record_id,
        stream_position,
        position,
        element,
        patch_cord,
        {{ invalid_fields({
            'device_name': ['patch_cord.device_name', 'string'],
            'channels': ['patch_cord.channels', 'array']
        }) }} as invalid_fields
    from parsed
    where patch_cord.object_type = 'Patch cord config'
)

select
    record_id,
    stream_position,
    position,
    {{ json_text('patch_cord.device_name') }} as patch_cord_name,
    case
        when {{ json_type('patch_cord.channels') }} = 'array'
            then cast(patch_cord.channels as varchar)
        when patch_cord.channels is not null then concat('[', patch_cord.channels, ']')
    end as channels_json,
    invalid_fields,
    case when invalid_fields is not null then cast(element as varchar) end as invalid_json
from judged
