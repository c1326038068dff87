-- Grain: one row per record, subject procedure (a surgery) and procedure in it.
{%- set systems = {'global_coordinate_system': 'json', 'coordinate_system': 'json'} %}

with subject_procedure as (
    select
        record_id,
        coalesce(
            {{ json_struct('procedures', systems) }}.global_coordinate_system,
            {{ json_struct('procedures', systems) }}.coordinate_system
        ) as record_coordinate_system,
        {{ explode(
            json_elements('procedures', 'subject_procedures'), 'surgery_position', 'surgery_json'
        ) }}
    from {{ ref('stg_docdb__records') }}
),

exploded as (
    select
        record_id,
        surgery_position,
        record_coordinate_system,
        coalesce(
            {{ json_struct('surgery_json', systems) }}.global_coordinate_system,
            {{ json_struct('surgery_json', systems) }}.coordinate_system
        ) as surgery_coordinate_system,
        {{ explode(json_elements('surgery_json', 'procedures'), 'position', 'element') }}
    from subject_procedure
)

select
    record_id,
    surgery_position,
    position,
    {{ json_struct('element', {'object_type': 'text'}) }}.object_type as object_type,
    -- Upgraded records name the coordinate system once, beside the surgeries.
    cast(coalesce(surgery_coordinate_system, record_coordinate_system) as varchar)
        as coordinate_system_json,
    cast(element as varchar) as procedure_json
from exploded
