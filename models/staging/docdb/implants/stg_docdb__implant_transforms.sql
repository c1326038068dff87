-- Grain: one row per record, implanted probe and step of the transform that places it.

{%- set fields = {
    'element': 'object',
    'step.object_type': 'object type',
    'step.translation': 'list',
    'step.angles': 'list',
    'step.angles_unit': 'text',
    'step.axis_order': 'text',
    'step.reference_coordinate_system': 'text',
} %}

with elements as (
    select
        record_id,
        surgery_position,
        position as implant_position,
        {{ explode_list(fields, 'step', 'transform_json', 'transform_path') }} as element
    from {{ ref('stg_docdb__implants') }}
    where object_type = 'Probe implant'
),

steps as (
    select
        record_id,
        surgery_position,
        implant_position,
        element,
        {{ json_object(fields, 'element', 'step') }} as step
    from elements
)

select
    record_id,
    surgery_position,
    implant_position,
    element.position,
    step.path,
    {{ read(fields, 'step.object_type') }} as object_type,
    {{ read(fields, 'step.translation') }} as translation_json,
    {{ read(fields, 'step.angles') }} as angles_json,
    {{ read(fields, 'step.angles_unit') }} as angles_unit,
    {{ read(fields, 'step.axis_order') }} as axis_order,
    {{ read(fields, 'step.reference_coordinate_system') }} as reference_coordinate_system,
    {{ invalid_fields(fields) }} as invalid_fields
from steps
