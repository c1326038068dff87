-- Grain: one row per record, data stream and configuration of a device.

{%- set fields = {
    'element': 'object',
    'configuration.object_type': 'object type',
    'configuration.device_name': 'text',
    'configuration.images': 'known',
    'configuration.patch_cords': 'list',
    'configuration.probes': 'list',
} %}

with elements as (
    select
        record_id,
        position as stream_position,
        {{ explode_list(
            fields, 'configuration', 'configurations_json', "concat(path, '.configurations')"
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
    configuration.path,
    configuration.value is not null as is_usable,
    {{ read(fields, 'configuration.object_type') }} as object_type,
    {{ read(fields, 'configuration.device_name') }} as device_name,
    {{ read(fields, 'configuration.probes') }} as probes_json,
    -- An image has one entry for each of its tiles, of which there may be a thousand.
    {{ read_rest(fields, 'configuration', keep = ['patch_cords']) }}
        as details,
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
