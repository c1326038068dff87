-- Grain: one row per record, data stream and patch cord configuration.

{%- set fields = {
    'element': 'object',
    'patch_cord.object_type': 'known',
    'patch_cord.device_name': 'text',
    'patch_cord.channels': 'list',
} %}

with elements as (
    select
        record_id,
        stream_position,
        position as configuration_position,
        {{ explode_list(fields, 'patch_cord', 'patch_cords_json', 'patch_cords_path') }} as element
    from {{ ref('stg_docdb__configurations') }}
),

patch_cords as (
    select
        record_id,
        stream_position,
        configuration_position,
        element,
        {{ json_object(fields, 'element', 'patch_cord') }} as patch_cord
    from elements
)

select
    record_id,
    stream_position,
    configuration_position,
    element.position,
    patch_cord.path,
    {{ read(fields, 'patch_cord.device_name') }} as patch_cord_name,
    {{ read(fields, 'patch_cord.channels') }} as channels_json,
    {{ invalid_fields(fields) }} as invalid_fields
from patch_cords
