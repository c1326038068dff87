-- Grain: one row per record, data stream and connection between two devices.

with record as (
    select
        record_id,
        acquisition
    from {{ ref('stg_docdb__records') }}
    -- Only the connections of fibers are used, and streams are large.
    where
        contains(acquisition, 'Patch cord config')
        or contains(acquisition, 'Fiber')
),

stream as (
    select
        record_id,
        {{ explode(
            json_elements('acquisition', 'data_streams'), 'stream_position', 'stream_json'
        ) }}
    from record
),

exploded as (
    select
        record_id,
        stream_position,
        {{ explode(json_elements('stream_json', 'connections'), 'position', 'element') }}
    from stream
),

parsed as (
    select
        record_id,
        stream_position,
        position,
        element,
        {{ json_struct('element', {
            'source_device': 'json',
            'target_device': 'json'
        }) }} as connection
    from exploded
),

judged as (
    select
        record_id,
        stream_position,
        position,
        element,
        connection,
        {{ invalid_fields({
            'element': ['element', 'object'],
            'source_device': ['connection.source_device', 'string'],
            'target_device': ['connection.target_device', 'string']
        }) }} as invalid_fields
    from parsed
)

select
    record_id,
    stream_position,
    position,
    {{ json_text('connection.source_device') }} as source_device,
    {{ json_text('connection.target_device') }} as target_device,
    invalid_fields,
    case when invalid_fields is not null then cast(element as varchar) end as invalid_json
from judged
