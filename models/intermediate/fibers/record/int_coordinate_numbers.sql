-- Grain: one row per record, implant or injection, site and number that may be a coordinate.

with number as (
    select
        record_id,
        'implant' as kind,
        surgery_position,
        implant_position as part_position,
        0 as site_position,
        step_position,
        is_local,
        position,
        coordinate
    from {{ ref('stg_docdb__implant_coordinates') }}
    union all
    select
        record_id,
        'injection' as kind,
        surgery_position,
        injection_position as part_position,
        site_position,
        step_position,
        is_local,
        position,
        coordinate
    from {{ ref('stg_docdb__injection_coordinates') }}
),

axis as (
    select * from {{ ref('int_procedure_axes') }}
),

named_system as (
    select distinct
        record_id,
        surgery_position,
        part_position
    from axis
    where axis_name is not null
),

-- The first translation with a number counts, and the first one along the axes of the device.
target_number as (
    select * from number
    where coordinate is not null
    qualify step_position = min(step_position) over (
        partition by record_id, kind, surgery_position, part_position, site_position, is_local
    )
)

select
    number.record_id,
    number.kind,
    number.surgery_position,
    number.part_position,
    number.site_position,
    number.is_local,
    number.position,
    number.coordinate,
    axis.axis_name,
    named_system.record_id is not null as has_named_axes
from target_number as number
left join axis
    on
        number.record_id = axis.record_id
        and number.surgery_position = axis.surgery_position
        and number.part_position = axis.part_position
        and number.position = axis.position
left join named_system
    on
        number.record_id = named_system.record_id
        and number.surgery_position = named_system.surgery_position
        and number.part_position = named_system.part_position
