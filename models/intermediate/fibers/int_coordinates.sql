-- Grain: one row per record, implant or injection, and place of it with a number.

with implant_number as (
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
),

injection_number as (
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
    select
        record_id,
        'implant' as kind,
        surgery_position,
        implant_position as part_position,
        position,
        axis_name
    from {{ ref('stg_docdb__implant_axes') }}
    union all
    select
        record_id,
        'injection' as kind,
        surgery_position,
        injection_position as part_position,
        position,
        axis_name
    from {{ ref('stg_docdb__injection_axes') }}
),

number as (
    select * from implant_number
    union all
    select * from injection_number
),

-- The first translation with a number counts, and the first one along the axes of the device.
target_number as (
    select * from number
    where coordinate is not null
    qualify step_position = min(step_position) over (
        partition by record_id, kind, surgery_position, part_position, site_position, is_local
    )
),

global_target as (
    select
        number.record_id,
        number.kind,
        number.surgery_position,
        number.part_position,
        number.site_position,
        arg_min(number.coordinate, number.position) filter (where axis.axis_name = 'AP') as ap,
        arg_min(number.coordinate, number.position) filter (where axis.axis_name = 'ML') as ml,
        arg_min(number.coordinate, number.position) filter (where axis.axis_name = 'SI') as si,
        arg_min(number.coordinate, number.position) filter (where axis.axis_name = 'Depth')
            as depth,
        any_value(number.coordinate) filter (where number.position = 0) as first_number,
        any_value(number.coordinate) filter (where number.position = 1) as second_number,
        any_value(number.coordinate) filter (where number.position = 3) as fourth_number
    from target_number as number
    left join axis
        on
            number.record_id = axis.record_id
            and number.kind = axis.kind
            and number.surgery_position = axis.surgery_position
            and number.part_position = axis.part_position
            and number.position = axis.position
    where not number.is_local
    group by all
),

named_system as (
    select distinct
        record_id,
        kind,
        surgery_position,
        part_position
    from axis
    where axis_name is not null
),

local_target as (
    select
        number.record_id,
        number.kind,
        number.surgery_position,
        number.part_position,
        number.site_position,
        if(
            any_value(axis.position) is null,
            arg_max(number.coordinate, number.position),
            arg_min(number.coordinate, number.position)
            filter (where number.position = axis.position)
        ) as depth
    from target_number as number
    -- Only an implanted device has axes of its own.
    left join {{ ref('stg_docdb__implant_local_axes') }} as axis
        on
            number.record_id = axis.record_id
            and number.kind = 'implant'
            and number.surgery_position = axis.surgery_position
            and number.part_position = axis.implant_position
            and axis.axis_name = 'Depth'
    where number.is_local
    group by all
),

target as (
    select
        coalesce(global_target.record_id, local_target.record_id) as record_id,
        coalesce(global_target.kind, local_target.kind) as kind,
        coalesce(global_target.surgery_position, local_target.surgery_position) as surgery_position,
        coalesce(global_target.part_position, local_target.part_position) as part_position,
        coalesce(global_target.site_position, local_target.site_position) as site_position,
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
            and global_target.kind = local_target.kind
            and global_target.surgery_position = local_target.surgery_position
            and global_target.part_position = local_target.part_position
            and global_target.site_position = local_target.site_position
),

placed as (
    select
        target.record_id,
        target.kind,
        target.surgery_position,
        target.part_position,
        target.site_position,
        cast(target.ap as double) as target_coordinate_ap,
        cast(target.ml as double) as target_coordinate_ml,
        cast(target.si as double) as target_coordinate_si,
        cast(target.depth as double) as target_coordinate_depth,
        case
            -- A coordinate system without named axes has them in the order of the schema.
            when named_system.record_id is null
                then {{ coordinates_text(
                    'target.first_number', 'target.second_number', 'target.last_number'
                ) }}
            else {{ coordinates_text('target.ap', 'target.ml', 'target.depth') }}
        end as coordinates
    from target
    left join named_system
        on
            target.record_id = named_system.record_id
            and target.kind = named_system.kind
            and target.surgery_position = named_system.surgery_position
            and target.part_position = named_system.part_position
)

select * from placed
