-- Grain: one row per record, data stream and configuration of a device.

{%- set fields = {
    'element': 'object',
    'configuration.object_type': 'object type',
    'configuration.patch_cords': 'list',
} %}

with elements as (
    select
        record_id,
        position as stream_position,
        {{ explode_json(
            'configurations_json',
            "concat(path, '.configurations')",
            ['object_type', 'device_name']
        ) }} as element
    from {{ ref('stg_docdb__data_streams') }}
),

configurations as (
    select
        record_id,
        stream_position,
        element,
        {{ json_object(fields, 'element', 'configuration') }} as configuration
    from elements
)

select
    record_id,
    stream_position,
    element.position,
    {{ read(fields, 'configuration.object_type') }} as object_type,
    -- A fiber assembly holds its patch cords; another one is its own.
    case {{ read(fields, 'configuration.object_type') }}
        when 'Patch cord config' then configuration.path
        when 'Fiber assembly config' then concat(configuration.path, '.patch_cords')
    end as patch_cords_path,
    case {{ read(fields, 'configuration.object_type') }}
        when 'Patch cord config' then configuration.value
        when 'Fiber assembly config' then {{ read(fields, 'configuration.patch_cords') }}
    end as patch_cords_json,
    {{ invalid_fields(fields) }} as invalid_fields
from configurations
