-- Grain: one row per record, implanted probe and axis of the coordinate system it is placed in.

with exploded as (
    select
        record_id,
        surgery_position,
        position as implant_position,
        {{ explode(json_elements('coordinate_system_json', 'axes'), 'position', 'element') }}
    from {{ ref('stg_docdb__implants') }}
)

select
    record_id,
    surgery_position,
    implant_position,
    position,
    {{ json_struct('element', {'name': 'text'}) }}.name as axis_name
from exploded
