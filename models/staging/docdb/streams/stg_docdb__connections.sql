-- Grain: one row per record, data stream and connection between two devices.

{%- set fields = {
    'element': 'object',
    'connection.source_device': 'text',
    'connection.target_device': 'text',
} %}

with elements as (
    select
        record_id,
        position as stream_position,
        {{ explode_list(fields, 'connection', 'connections_json', "concat(path, '.connections')") }}
            as element
    from {{ ref('stg_docdb__data_streams') }}
),

connections as (
    select
        record_id,
        stream_position,
        element,
        {{ json_object(fields, 'element', 'connection') }} as connection
    from elements
)

select
    record_id,
    stream_position,
    element.position,
    {{ read(fields, 'connection.source_device') }} as source_device,
    {{ read(fields, 'connection.target_device') }} as target_device,
    {{ invalid_fields(fields) }} as invalid_fields
from connections
