-- Grain: one row per record, brain injection and injected material.

with injection as (
    select
        record_id,
        surgery_position,
        position as injection_position,
        procedure_json,
        {{ json_struct('procedure_json', {
            'targeted_structure': {'acronym': 'json'}
        }) }} as injection
    from {{ ref('stg_docdb__procedures') }}
    where object_type = 'Brain injection'
),

exploded as (
    select
        record_id,
        surgery_position,
        injection_position,
        injection,
        {{ explode(json_elements('procedure_json', 'injection_materials'), 'position', 'element') }}
    from injection
),

parsed as (
    select
        record_id,
        surgery_position,
        injection_position,
        position,
        element,
        injection,
        {{ json_struct('element', {
            'name': 'json',
            'tars_identifiers': {'virus_tars_id': 'json'}
        }) }} as material
    from exploded
),

judged as (
    select
        record_id,
        surgery_position,
        injection_position,
        position,
        element,
        injection,
        material,
        {{ invalid_fields({
            'element': ['element', 'object'],
            'name': ['material.name', 'string'],
            'tars_identifiers.virus_tars_id': ['material.tars_identifiers.virus_tars_id', 'string']
        }) }} as invalid_fields
    from parsed
)

select
    record_id,
    surgery_position,
    injection_position,
    position,
    {{ json_text('injection.targeted_structure.acronym') }} as targeted_structure,
    {{ json_text('material.name') }} as material_name,
    {{ json_text('material.tars_identifiers.virus_tars_id') }} as virus_tars_id,
    invalid_fields,
    case when invalid_fields is not null then cast(element as varchar) end as invalid_json
from judged
