-- Grain: one row per record, implanted probe and axis of the device's own coordinate system.

{%- set fields = {'axis': 'object of name', 'axis.direction': 'known'} %}

with axes as (
    select
        record_id,
        surgery_position,
        position as implant_position,
        {{ explode_list(fields, 'axis', 'local_axes_json', 'local_axes_path') }} as axis
    from {{ ref('stg_docdb__implants') }}
    where object_type = 'Probe implant'
)

select
    record_id,
    surgery_position,
    implant_position,
    axis.position,
    {{ read(fields, 'axis') }} as axis_name,
    {{ invalid_fields(fields) }} as invalid_fields
from axes
