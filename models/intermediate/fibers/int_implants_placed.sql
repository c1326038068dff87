-- Grain: one row per record and implanted probe, with its target.

with implant as (
    select
        *,
        replace(nullif(device_name, ''), '_', ' ') as fiber
    from {{ ref('stg_docdb__implants') }}
),

axis as (
    select * from {{ ref('stg_docdb__implant_axes') }}
),

-- The first translation with a number counts, and the first one along the axes of the device.
target_number as (
    select * from {{ ref('stg_docdb__implant_coordinates') }}
    where coordinate is not null
    qualify step_position = min(step_position) over (
        partition by record_id, surgery_position, implant_position, is_local
    )
),

global_target as (
    select
        number.record_id,
        number.surgery_position,
        number.implant_position,
        any_value(number.coordinate) filter (where axis.axis_name = 'AP') as ap,
        any_value(number.coordinate) filter (where axis.axis_name = 'ML') as ml,
        any_value(number.coordinate) filter (where axis.axis_name = 'SI') as si,
        any_value(number.coordinate) filter (where axis.axis_name = 'Depth') as depth,
        any_value(number.coordinate) filter (where number.position = 0) as first_number,
        any_value(number.coordinate) filter (where number.position = 1) as second_number,
        any_value(number.coordinate) filter (where number.position = 3) as fourth_number
    from target_number as number
    left join axis
        on
            number.record_id = axis.record_id
            and number.surgery_position = axis.surgery_position
            and number.implant_position = axis.implant_position
            and number.position = axis.position
    where not number.is_local
    group by all
),

named_system as (
    select distinct
        record_id,
        surgery_position,
        implant_position
    from axis
    where axis_name is not null
),

local_target as (
    select
        number.record_id,
        number.surgery_position,
        number.implant_position,
        if(
            any_value(axis.position) is null,
            arg_max(number.coordinate, number.position),
            any_value(number.coordinate) filter (where number.position = axis.position)
        ) as depth
    from target_number as number
    left join {{ ref('stg_docdb__implant_local_axes') }} as axis
        on
            number.record_id = axis.record_id
            and number.surgery_position = axis.surgery_position
            and number.implant_position = axis.implant_position
            and axis.axis_name = 'Depth'
    where number.is_local
    group by all
),

target as (
    select
        coalesce(global_target.record_id, local_target.record_id) as record_id,
        coalesce(global_target.surgery_position, local_target.surgery_position)
            as surgery_position,
        coalesce(global_target.implant_position, local_target.implant_position)
            as implant_position,
        global_target.ap,
        global_target.ml,
        global_target.si,
        coalesce(global_target.depth, local_target.depth) as depth,
        global_target.first_number,
        global_target.second_number,
        coalesce(global_target.fourth_number, local_target.depth) as last_number
    from global_target
    full join local_target
        on
            global_target.record_id = local_target.record_id
            and global_target.surgery_position = local_target.surgery_position
            and global_target.implant_position = local_target.implant_position
),

placed_implant as (
    select
        implant.record_id,
        implant.surgery_position,
        implant.position as implant_position,
        implant.path,
        implant.device_name,
        implant.fiber,
        coalesce(nullif(nullif(implant.targeted_structure, ''), 'root'), 'missing')
            as targeted_structure,
        cast(target.ap as double) as target_coordinate_ap,
        cast(target.ml as double) as target_coordinate_ml,
        cast(target.si as double) as target_coordinate_si,
        cast(target.depth as double) as target_coordinate_depth,
        case
            when target.record_id is null then 'missing'
            -- A system that names no axes has them in the order of the schema.
            when named_system.record_id is null
                then {{ coordinates_text(
                    'target.first_number', 'target.second_number', 'target.last_number'
                ) }}
            else {{ coordinates_text('target.ap', 'target.ml', 'target.depth') }}
        end as coordinates,
        implant.coordinate_system_name,
        implant.coordinate_system_origin,
        implant.coordinate_system_unit
    from implant
    left join target
        on
            implant.record_id = target.record_id
            and implant.surgery_position = target.surgery_position
            and implant.position = target.implant_position
    left join named_system
        on
            implant.record_id = named_system.record_id
            and implant.surgery_position = named_system.surgery_position
            and implant.position = named_system.implant_position
)

select * from placed_implant
