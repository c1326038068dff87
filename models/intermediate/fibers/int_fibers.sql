-- Grain: one row per record and implanted fiber.

with implant as (
    select
        *,
        replace(device_name, '_', ' ') as fiber
    from {{ ref('stg_docdb__implants') }}
    where device_name is not null
    qualify row_number() over (
        partition by record_id, replace(device_name, '_', ' ')
        order by surgery_position, position
    ) = 1
),

axis as (
    select * from {{ ref('stg_docdb__implant_axes') }}
),

translation as (
    select * from {{ ref('stg_docdb__implant_coordinates') }}
    where is_local is not true
    qualify step_position = min(step_position) over (
        partition by record_id, surgery_position, implant_position
    )
),

-- A move along the axes of the device itself: its last number is the depth.
local_depth as (
    select
        record_id,
        surgery_position,
        implant_position,
        first(coordinate order by step_position asc, position desc) as depth
    from {{ ref('stg_docdb__implant_coordinates') }}
    where
        is_local
        and coordinate is not null
    group by all
),

placed as (
    select
        translation.record_id,
        translation.surgery_position,
        translation.implant_position,
        axis.axis_name,
        try_cast(translation.coordinate as double) as coordinate
    from translation
    inner join axis
        on
            translation.record_id = axis.record_id
            and translation.surgery_position = axis.surgery_position
            and translation.implant_position = axis.implant_position
            and translation.position = axis.position
),

coordinates as (
    select
        record_id,
        surgery_position,
        implant_position,
        any_value(coordinate) filter (where axis_name = 'AP') as target_coordinate_ap,
        any_value(coordinate) filter (where axis_name = 'ML') as target_coordinate_ml,
        any_value(coordinate) filter (where axis_name = 'SI') as target_coordinate_si,
        any_value(coordinate) filter (where axis_name = 'Depth') as target_coordinate_depth
    from placed
    group by all
),

joined as (
    select
        implant.record_id,
        implant.fiber,
        coalesce(nullif(nullif(implant.targeted_structure, ''), 'root'), 'missing')
            as targeted_structure,
        coordinates.target_coordinate_ap,
        coordinates.target_coordinate_ml,
        coordinates.target_coordinate_si,
        coalesce(coordinates.target_coordinate_depth, try_cast(local_depth.depth as double))
            as target_coordinate_depth,
        implant.coordinate_system_name,
        implant.coordinate_system_origin,
        implant.coordinate_system_unit
    from implant
    left join coordinates
        on
            implant.record_id = coordinates.record_id
            and implant.surgery_position = coordinates.surgery_position
            and implant.position = coordinates.implant_position
    left join local_depth
        on
            implant.record_id = local_depth.record_id
            and implant.surgery_position = local_depth.surgery_position
            and implant.position = local_depth.implant_position
)

select * from joined
