-- Grain: one row per record and implanted probe.

{%- set fields = {
    'implant.implanted_device': 'object of name',
    'implant.device_config': 'object',
    'config.primary_targeted_structure': 'object of acronym',
    'config.transform': 'list',
    'config.local_coordinate_system': 'object',
    'config.coordinate_system': 'object',
    'local_system.axes': 'list',
    'device_system.axes': 'list',
    'system.name': 'text',
    'system.origin': 'text or name',
    'system.axis_unit': 'text',
    'system.axes': 'list',
} %}

with implants as (
    select
        record_id,
        surgery_position,
        position,
        {{ json_known_object(fields, 'procedure_json', 'path', 'implant') }} as implant,
        {{ json_known_object(
            fields, 'coordinate_system_json', 'coordinate_system_path', 'system'
        ) }} as system
    from {{ ref('stg_docdb__surgery_procedures') }}
    where object_type = 'Probe implant'
),

device_configs as (
    select
        record_id,
        surgery_position,
        position,
        implant,
        system,
        {{ json_object(fields, 'implant.device_config', 'config') }} as config
    from implants
),

device_systems as (
    select
        record_id,
        surgery_position,
        position,
        implant,
        system,
        config,
        {{ json_object(fields, 'config.local_coordinate_system', 'local_system') }} as local_system,
        {{ json_object(fields, 'config.coordinate_system', 'device_system') }} as device_system
    from device_configs
)

select
    record_id,
    surgery_position,
    position,
    implant.path,
    {{ read(fields, 'implant.implanted_device') }} as device_name,
    {{ read(fields, 'config.primary_targeted_structure') }} as targeted_structure,
    {{ read(fields, 'config.transform') }} as transform_json,
    concat(config.path, '.transform') as transform_path,
    {{ read(fields, 'system.name') }} as coordinate_system_name,
    {{ read(fields, 'system.origin') }} as coordinate_system_origin,
    {{ read(fields, 'system.axis_unit') }} as coordinate_system_unit,
    {{ read(fields, 'system.axes') }} as axes_json,
    concat(system.path, '.axes') as axes_path,
    coalesce({{ read(fields, 'local_system.axes') }}, {{ read(fields, 'device_system.axes') }})
        as local_axes_json,
    case
        when {{ read(fields, 'local_system.axes') }} is not null
            then concat(local_system.path, '.axes')
        else concat(device_system.path, '.axes')
    end as local_axes_path,
    {{ invalid_fields(fields) }} as invalid_fields
from device_systems
