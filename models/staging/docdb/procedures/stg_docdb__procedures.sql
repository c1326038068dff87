-- Grain: one row per record with a procedures section.

{%- set fields = {
    'section': 'object',
    'procedures.subject_id': 'text',
    'procedures.subject_procedures': 'list',
    'procedures.specimen_procedures': 'list',
    'procedures.global_coordinate_system': 'object',
    'procedures.coordinate_system': 'object',
} %}

with sections as (
    select
        record_id,
        {{ json_slot('procedures', "'procedures'") }} as section
    from {{ ref('stg_docdb__records') }}
    where not {{ json_is_null('procedures') }}
),

procedures_sections as (
    select
        record_id,
        section,
        {{ json_object(fields, 'section', 'procedures') }} as procedures
    from sections
),

coordinate_systems as (
    select
        record_id,
        section,
        procedures,
        {{ json_object(fields, 'procedures.global_coordinate_system', 'global_system') }}
            as global_system,
        {{ json_object(fields, 'procedures.coordinate_system', 'own_system') }} as own_system
    from procedures_sections
)

select
    record_id,
    procedures.path,
    {{ read(fields, 'procedures.subject_id') }} as subject_id,
    {{ read(fields, 'procedures.subject_procedures') }} as subject_procedures_json,
    {{ read(fields, 'procedures.specimen_procedures') }} as specimen_procedures_json,
    coalesce(global_system.value, own_system.value) as coordinate_system_json,
    case when global_system.value is null then own_system.path else global_system.path end
        as coordinate_system_path,
    {{ invalid_fields(fields) }} as invalid_fields
from coordinate_systems
