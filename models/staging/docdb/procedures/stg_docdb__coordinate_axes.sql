-- Grain: one row per record, coordinate system of its procedures and axis.

{%- set fields = {'axis': 'object of name', 'axis.direction': 'known'} %}

with axes as (
    select
        record_id,
        path as coordinate_system_path,
        {{ explode_list(fields, 'axis', 'axes_json', "concat(path, '.axes')") }} as axis
    from {{ ref('stg_docdb__coordinate_systems') }}
)

select
    record_id,
    coordinate_system_path,
    axis.position,
    {{ read(fields, 'axis') }} as axis_name,
    {{ invalid_fields(fields) }} as invalid_fields
from axes
