-- Grain: one row per record, brain injection and injected material.

{%- set fields = {
    'element': 'object or name',
    'material.name': 'text',
    'material.tars_identifiers': 'object',
    'tars.virus_tars_id': 'text',
} %}

with elements as (
    select
        record_id,
        surgery_position,
        position as injection_position,
        targeted_structure,
        {{ explode_json(
            'injection_materials_json',
            "concat(path, '.injection_materials')",
            ['object_type', 'name', 'tars_identifiers']
        ) }} as element
    from {{ ref('stg_docdb__injections') }}
),

materials as (
    select
        record_id,
        surgery_position,
        injection_position,
        targeted_structure,
        element,
        {{ json_object(fields, 'element', 'material') }} as material
    from elements
),

tars_identifiers as (
    select
        record_id,
        surgery_position,
        injection_position,
        targeted_structure,
        element,
        material,
        {{ json_object(fields, 'material.tars_identifiers', 'tars') }} as tars
    from materials
)

select
    record_id,
    surgery_position,
    injection_position,
    element.position,
    targeted_structure,
    {{ read(fields, 'material.name') }} as material_name,
    {{ read(fields, 'tars.virus_tars_id') }} as virus_tars_id,
    {{ invalid_fields(fields) }} as invalid_fields
from tars_identifiers
