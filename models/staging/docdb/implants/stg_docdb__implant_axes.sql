-- Grain: one row per record, implanted probe and axis of the coordinate system it is placed in.

{%- set fields = {'axis': 'object of name', 'axis.direction': 'known'} %}

with axes as (
    select
        record_id,
        surgery_position,
        position as implant_position,
        {{ explode_list(fields, 'axis', 'axes_json', 'axes_path') }} as axis
    from {{ ref('stg_docdb__implants') }}
)

select
    record_id,
    surgery_position,
    implant_position,
    axis.position,
    {{ read(fields, 'axis') }} as axis_name,
    {{ invalid_fields(fields) }} as invalid_fields
from axes
