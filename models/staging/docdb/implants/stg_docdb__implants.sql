-- Grain: one row per record and implant of any kind, with what its configuration says.

{%- set fields = {
    'config.primary_targeted_structure': 'object with acronym',
    'config.targeted_structure': 'object or name',
    'config.transform': 'list',
    'config.local_coordinate_system': 'object',
    'config.coordinate_system': 'object',
    'structure.acronym': 'text',
    'structure.name': 'text',
    'vessel.name': 'text',
    'local_system.axes': 'list',
    'device_system.axes': 'list',
} %}

with configs as (
    select
        record_id,
        surgery_position,
        position,
        object_type,
        {{ json_known_object(fields, 'config_json', 'config_path', 'config') }} as config
    from {{ ref('stg_docdb__implanted_devices') }}
),

structures as (
    select
        record_id,
        surgery_position,
        position,
        object_type,
        config,
        {{ json_object(fields, 'config.primary_targeted_structure', 'structure') }} as structure,
        {{ json_object(fields, 'config.targeted_structure', 'vessel') }} as vessel,
        {{ json_object(fields, 'config.local_coordinate_system', 'local_system') }} as local_system,
        {{ json_object(fields, 'config.coordinate_system', 'device_system') }} as device_system
    from configs
)

select
    record_id,
    surgery_position,
    position,
    object_type,
    {{ read(fields, 'structure.acronym') }} as targeted_structure,
    coalesce({{ read(fields, 'structure.name') }}, {{ read(fields, 'vessel.name') }})
        as targeted_structure_name,
    {{ read(fields, 'config.transform') }} as transform_json,
    concat(config.path, '.transform') as transform_path,
    coalesce({{ read(fields, 'local_system.axes') }}, {{ read(fields, 'device_system.axes') }})
        as local_axes_json,
    case
        when {{ read(fields, 'local_system.axes') }} is not null
            then concat(local_system.path, '.axes')
        else concat(device_system.path, '.axes')
    end as local_axes_path,
    {{ invalid_fields(fields) }} as invalid_fields
from structures
