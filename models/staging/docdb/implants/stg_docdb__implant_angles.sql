-- Grain: one row per record, implanted probe, rotation and angle in it.

{%- set fields = {'angle': 'number'} %}

with angles as (
    select
        record_id,
        surgery_position,
        implant_position,
        position as step_position,
        angles_unit,
        axis_order,
        -- Angles are numbered by position, including missing ones.
        {{ explode_list(
            fields, 'angle', 'angles_json', "concat(path, '.angles')", keep_nulls = true
        ) }} as angle
    from {{ ref('stg_docdb__implant_transforms') }}
    where object_type = 'Rotation'
)

select
    record_id,
    surgery_position,
    implant_position,
    step_position,
    angles_unit,
    axis_order,
    angle.position,
    {{ read(fields, 'angle') }} as angle,
    {{ invalid_fields(fields) }} as invalid_fields
from angles
