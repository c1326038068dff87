-- Grain: one row per record and implanted fiber.

with implant as (
    select * from {{ ref('int_implants_placed') }}
    where fiber is not null
    -- If two have the same published name, the first in the record is kept.
    qualify row_number() over (
        partition by record_id, fiber
        order by surgery_position, implant_position
    ) = 1
)

select
    record_id,
    surgery_position,
    implant_position,
    fiber,
    targeted_structure,
    target_coordinate_ap,
    target_coordinate_ml,
    target_coordinate_si,
    target_coordinate_depth,
    coordinate_system_name,
    coordinate_system_origin,
    coordinate_system_unit
from implant
