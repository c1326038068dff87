-- Grain: one row per record, injection and axis of the coordinate system it is placed in.

{%- set fields = {'axis': 'object of name', 'axis.direction': 'known'} %}

with axes as (
    select
        record_id,
        surgery_position,
        position as injection_position,
        {{ explode_list(fields, 'axis', 'axes_json', 'axes_path') }} as axis
    from {{ ref('stg_docdb__injections') }}
)

select
    record_id,
    surgery_position,
    injection_position,
    axis.position,
    {{ read(fields, 'axis') }} as axis_name,
    {{ invalid_fields(fields) }} as invalid_fields
from axes
