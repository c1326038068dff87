-- Grain: one row per record and brain injection.

{%- set fields = {
    'injection.targeted_structure': 'object of acronym',
    'injection.injection_materials': 'list',
} %}

with injections as (
    select
        record_id,
        surgery_position,
        position,
        {{ json_known_object(fields, 'procedure_json', 'path', 'injection') }} as injection
    from {{ ref('stg_docdb__surgery_procedures') }}
    where object_type = 'Brain injection'
)

select
    record_id,
    surgery_position,
    position,
    injection.path,
    {{ read(fields, 'injection.targeted_structure') }} as targeted_structure,
    {{ read(fields, 'injection.injection_materials') }} as injection_materials_json,
    {{ invalid_fields(fields) }} as invalid_fields
from injections
