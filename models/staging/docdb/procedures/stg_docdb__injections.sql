-- Grain: one row per record and injection, into the brain or elsewhere.

{%- set fields = {
    'injection.targeted_structure': 'object or acronym',
    'injection.injection_materials': 'list',
    'injection.relative_position': 'list',
    'injection.dynamics': 'list',
    'injection.coordinates': 'list',
    'structure.acronym': 'text',
    'structure.name': 'text',
} %}

with injections as (
    select
        record_id,
        surgery_position,
        position,
        object_type,
        coordinate_system_path,
        {{ json_known_object(fields, 'procedure_json', 'path', 'injection') }} as injection
    from {{ ref('stg_docdb__surgery_procedures') }}
    where object_type in ('Brain injection', 'Injection')
),

structures as (
    select
        record_id,
        surgery_position,
        position,
        object_type,
        coordinate_system_path,
        injection,
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
    coordinate_system_path,
    {{ invalid_fields(fields) }} as invalid_fields
from structures
