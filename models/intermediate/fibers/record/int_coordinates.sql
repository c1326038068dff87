-- Grain: one row per record, implant or injection, and site with a number.

with number as (
    select * from {{ ref('int_coordinate_numbers') }}
),

global_target as (
    select
        record_id,
        kind,
        surgery_position,
        part_position,
        site_position,
        has_named_axes,
        arg_min(coordinate, position) filter (where axis_name = 'AP') as ap,
        arg_min(coordinate, position) filter (where axis_name = 'ML') as ml,
        arg_min(coordinate, position) filter (where axis_name = 'SI') as si,
        arg_min(coordinate, position) filter (where axis_name = 'Depth') as depth,
        any_value(coordinate) filter (where position = 0) as first_number,
        any_value(coordinate) filter (where position = 1) as second_number,
        any_value(coordinate) filter (where position = 3) as fourth_number
    from number
    where not is_local
    group by all
),

local_target as (
    select
        number.record_id,
        number.kind,
        number.surgery_position,
        number.part_position,
        number.site_position,
        number.has_named_axes,
        if(
            any_value(axis.position) is null,
            arg_max(number.coordinate, number.position),
            arg_min(number.coordinate, number.position)
            filter (where number.position = axis.position)
        ) as depth
    from number
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
        coalesce(global_target.has_named_axes, local_target.has_named_axes) as has_named_axes,
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
)

select
    record_id,
    kind,
    surgery_position,
    part_position,
    site_position,
    cast(ap as double) as target_coordinate_ap,
    cast(ml as double) as target_coordinate_ml,
    cast(si as double) as target_coordinate_si,
    cast(depth as double) as target_coordinate_depth,
    case
        when has_named_axes
            then {{ coordinates_text('ap', 'ml', 'depth') }}
        -- A coordinate system without named axes has them in the order of the schema.
        else {{ coordinates_text('first_number', 'second_number', 'last_number') }}
    end as coordinates
from target
