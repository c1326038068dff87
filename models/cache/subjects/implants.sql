-- Grain: one row per subject and implanted device.

with procedure_record as (
    select * from {{ ref('int_procedure_records') }}
),

-- The first rotation with an angle counts; its letters are the axes, in the order of the angles.
angle as (
    select
        *,
        case substr(lower(coalesce(axis_order, 'xyz')), position + 1, 1)
            when 'x' then 0
            when 'y' then 1
            when 'z' then 2
        end as axis_position
    from {{ ref('stg_docdb__implant_angles') }}
    where angle is not null
    qualify step_position = min(step_position) over (
        partition by record_id, surgery_position, implant_position
    )
),

rotation as (
    select
        angle.record_id,
        angle.surgery_position,
        angle.implant_position,
        angle.angles_unit as rotation_unit,
        arg_min(angle.angle, axis.position) filter (where axis.axis_name = 'AP') as ap,
        arg_min(angle.angle, axis.position) filter (where axis.axis_name = 'ML') as ml,
        arg_min(angle.angle, axis.position) filter (where axis.axis_name = 'SI') as si
    from angle
    left join {{ ref('int_procedure_axes') }} as axis
        on
            angle.record_id = axis.record_id
            and angle.surgery_position = axis.surgery_position
            and angle.implant_position = axis.part_position
            and angle.axis_position = axis.position
    group by all
),

implant as (
    select
        procedure_record.subject_id,
        cast(device.surgery_position as integer) as procedure_index,
        cast(device.position as integer) as part_index,
        cast(procedure.start_date as date) as start_date,
        nullif(device.device_name, '') as device_name,
        device.device_type,
        nullif(config.targeted_structure, '') as targeted_structure,
        nullif(config.targeted_structure_name, '') as targeted_structure_name,
        placed.target_coordinate_ap as coordinate_ap,
        placed.target_coordinate_ml as coordinate_ml,
        placed.target_coordinate_si as coordinate_si,
        placed.target_coordinate_depth as coordinate_depth,
        placed.coordinate_system_name as coordinate_system,
        placed.coordinate_system_origin as coordinate_origin,
        placed.coordinate_system_unit as coordinate_unit,
        cast(rotation.ap as double) as rotation_ap,
        cast(rotation.ml as double) as rotation_ml,
        cast(rotation.si as double) as rotation_si,
        rotation.rotation_unit,
        coalesce(config.transform_json, device.transform_json) as transform,
        nullif(device.model, '') as model,
        nullif(device.serial_number, '') as serial_number,
        cast(device.length as double) as length,
        device.length_unit
    from {{ ref('stg_docdb__implanted_devices') }} as device
    inner join procedure_record on device.record_id = procedure_record.record_id
    inner join {{ ref('stg_docdb__subject_procedures') }} as procedure
        on
            device.record_id = procedure.record_id
            and device.surgery_position = procedure.position
    left join {{ ref('stg_docdb__implants') }} as config
        on
            device.record_id = config.record_id
            and device.surgery_position = config.surgery_position
            and device.position = config.position
    left join {{ ref('int_implants_placed') }} as placed
        on
            device.record_id = placed.record_id
            and device.surgery_position = placed.surgery_position
            and device.position = placed.implant_position
    left join rotation
        on
            device.record_id = rotation.record_id
            and device.surgery_position = rotation.surgery_position
            and device.position = rotation.implant_position
)

select * from implant
