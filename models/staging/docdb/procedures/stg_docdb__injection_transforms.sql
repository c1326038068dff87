-- Grain: one row per record, injection, site and step of the transform that places it.

{%- set fields = {
    'element': 'object',
    'step.object_type': 'object type',
    'step.translation': 'list',
    'step.reference_coordinate_system': 'text',
} %}

with elements as (
    select
        record_id,
        surgery_position,
        injection_position,
        position as site_position,
        {{ explode_list(fields, 'step', 'transform_json', 'transform_path') }} as element
    from {{ ref('stg_docdb__injection_sites') }}
),

steps as (
    select
        record_id,
        surgery_position,
        injection_position,
        site_position,
        element,
        {{ json_object(fields, 'element', 'step') }} as step
    from elements
)

select
    record_id,
    surgery_position,
    injection_position,
    site_position,
    element.position,
    step.path,
    {{ read(fields, 'step.object_type') }} as object_type,
    {{ read(fields, 'step.translation') }} as translation_json,
    {{ read(fields, 'step.reference_coordinate_system') }} as reference_coordinate_system,
    {{ invalid_fields(fields) }} as invalid_fields
from steps
