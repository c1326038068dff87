-- Grain: one row per record and implanted probe, with its target.

with implant as (
    select
        *,
        replace(nullif(device_name, ''), '_', ' ') as fiber
    from {{ ref('stg_docdb__implanted_devices') }}
    where object_type = 'Probe implant'
),

target as (
    select * from {{ ref('int_coordinates') }}
    where kind = 'implant'
),

placed_implant as (
    select
        implant.record_id,
        implant.surgery_position,
        implant.position as implant_position,
        implant.path,
        implant.device_name,
        implant.fiber,
        coalesce(nullif(nullif(config.targeted_structure, ''), 'root'), 'missing')
            as targeted_structure,
        target.target_coordinate_ap,
        target.target_coordinate_ml,
        target.target_coordinate_si,
        target.target_coordinate_depth,
        coalesce(target.coordinates, 'missing') as coordinates,
        system.coordinate_system_name,
        system.coordinate_system_origin,
        system.coordinate_system_unit
    from implant
    left join {{ ref('stg_docdb__implants') }} as config
        on
            implant.record_id = config.record_id
            and implant.surgery_position = config.surgery_position
            and implant.position = config.position
    left join {{ ref('stg_docdb__coordinate_systems') }} as system
        on
            implant.record_id = system.record_id
            and implant.coordinate_system_path = system.path
    left join target
        on
            implant.record_id = target.record_id
            and implant.surgery_position = target.surgery_position
            and implant.position = target.part_position
)

select * from placed_implant
