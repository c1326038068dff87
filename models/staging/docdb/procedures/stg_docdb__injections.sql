-- Grain: one row per record and injection, into the brain or elsewhere.

{%- set fields = {
    'injection.targeted_structure': 'object or acronym',
    'injection.injection_materials': 'list',
    'injection.relative_position': 'list',
    'injection.dynamics': 'list',
    'injection.coordinates': 'list',
    'structure.acronym': 'text',
    'structure.name': 'text',
    'system.name': 'text',
    'system.origin': 'text or name',
    'system.axis_unit': 'text',
    'system.axes': 'list',
} %}

with injections as (
    select
        record_id,
        surgery_position,
        position,
        object_type,
        {{ json_known_object(fields, 'procedure_json', 'path', 'injection') }} as injection,
        {{ json_known_object(
            fields, 'coordinate_system_json', 'coordinate_system_path', 'system'
        ) }} as system
    from {{ ref('stg_docdb__surgery_procedures') }}
    where object_type in ('Brain injection', 'Injection')
),

structures as (
    select
        record_id,
        surgery_position,
        position,
        object_type,
        injection,
        system,
        {{ json_object(fields, 'injection.targeted_structure', 'structure') }} as structure
    from injections
)

select
    record_id,
    surgery_position,
    position,
    injection.path,
    object_type,
    {{ read(fields, 'structure.acronym') }} as targeted_structure,
    {{ read(fields, 'structure.name') }} as targeted_structure_name,
    {{ read(fields, 'injection.injection_materials') }} as injection_materials_json,
    {{ read(fields, 'injection.relative_position') }} as relative_position_json,
    {{ read(fields, 'injection.dynamics') }} as dynamics_json,
    {{ read(fields, 'injection.coordinates') }} as coordinates_json,
    {{ read(fields, 'system.name') }} as coordinate_system_name,
    {{ read(fields, 'system.origin') }} as coordinate_system_origin,
    {{ read(fields, 'system.axis_unit') }} as coordinate_system_unit,
    {{ read(fields, 'system.axes') }} as axes_json,
    concat(system.path, '.axes') as axes_path,
    {{ invalid_fields(fields) }} as invalid_fields
from structures
