-- Grain: one row per record, surgery, procedure in it and axis of the system it is placed in.

select
    part.record_id,
    part.surgery_position,
    part.position as part_position,
    axis.position,
    axis.axis_name
from {{ ref('stg_docdb__surgery_procedures') }} as part
inner join {{ ref('stg_docdb__coordinate_axes') }} as axis
    on
        part.record_id = axis.record_id
        and part.coordinate_system_path = axis.coordinate_system_path
