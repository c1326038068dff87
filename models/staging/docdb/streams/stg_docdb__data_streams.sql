-- Grain: one row per record and data stream, in the order of the record.

{%- set fields = {
    'element': 'object',
    'stream.stream_start_time': 'known',
    'stream.stream_end_time': 'known',
    'stream.connections': 'list',
    'stream.configurations': 'list',
    'stream.active_devices': 'list',
    'stream.modalities': 'list',
} %}

with elements as (
    select
        record_id,
        {{ explode_list(fields, 'stream', 'data_streams_json', "concat(path, '.data_streams')") }}
            as element
    from {{ ref('stg_docdb__acquisitions') }}
),

streams as (
    select
        record_id,
        element,
        {{ json_object(fields, 'element', 'stream') }} as stream
    from elements
)

select
    record_id,
    element.position,
    stream.path,
    {{ read(fields, 'stream.connections') }} as connections_json,
    {{ read(fields, 'stream.configurations') }} as configurations_json,
    {{ read(fields, 'stream.active_devices') }} as active_devices_json,
    {{ read(fields, 'stream.modalities') }} as modalities_json,
    {{ invalid_fields(fields) }} as invalid_fields
from streams
