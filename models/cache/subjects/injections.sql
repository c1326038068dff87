-- Grain: one row per subject, injection, material and place of the injection.

with injection as (
    select
        injection.*,
        procedure_record.subject_id
    from {{ ref('stg_docdb__injections') }} as injection
    inner join {{ ref('int_procedure_records') }} as procedure_record
        on injection.record_id = procedure_record.record_id
),

material as (
    select * from {{ ref('stg_docdb__injection_materials') }}
    where is_usable
),

dynamics as (
    select * from {{ ref('stg_docdb__injection_dynamics') }}
    where is_usable
),

placed_site as (
    select * from {{ ref('stg_docdb__injection_sites') }}
    where is_usable
),

relative_position as (
    select
        record_id,
        surgery_position,
        injection_position,
        list(relative_position order by position) as relative_position
    from {{ ref('stg_docdb__injection_relative_positions') }}
    where relative_position != ''
    group by all
),

plasmid as (
    select
        record_id,
        surgery_position,
        injection_position,
        material_position,
        list(plasmid_tars_alias order by position) as plasmid_tars_alias
    from {{ ref('stg_docdb__injection_plasmids') }}
    where plasmid_tars_alias != ''
    group by all
),

-- Volumes and coordinates stand in two lists, of which one may be longer.
site as (
    select
        record_id,
        surgery_position,
        injection_position,
        position
    from dynamics
    union
    select
        record_id,
        surgery_position,
        injection_position,
        position
    from placed_site
),

placed_injection as (
    select
        injection.subject_id,
        cast(injection.surgery_position as integer) as procedure_index,
        cast(injection.position as integer) as part_index,
        cast(coalesce(material.position, 0) as integer) as material_index,
        cast(coalesce(site.position, 0) as integer) as dynamics_index,
        cast(procedure.start_date as date) as start_date,
        nullif(injection.targeted_structure, '') as targeted_structure,
        nullif(injection.targeted_structure_name, '') as targeted_structure_name,
        target.target_coordinate_ap as coordinate_ap,
        target.target_coordinate_ml as coordinate_ml,
        target.target_coordinate_si as coordinate_si,
        target.target_coordinate_depth as coordinate_depth,
        injection.coordinate_system_name as coordinate_system,
        injection.coordinate_system_origin as coordinate_origin,
        injection.coordinate_system_unit as coordinate_unit,
        placed_site.transform_json as transform,
        coalesce(relative_position.relative_position, []) as relative_position,
        {{ material_name('material.material_name', 'material.virus_tars_id') }} as material,
        material.material_type,
        nullif(material.virus_tars_id, '') as virus_tars_id,
        coalesce(plasmid.plasmid_tars_alias, []) as plasmid_tars_alias,
        coalesce(nullif(material.addgene_identifier, ''), nullif(material.addgene_name, ''))
            as addgene_id,
        nullif(material.prep_lot_number, '') as prep_lot_number,
        cast(material.titer as double) as titer,
        material.titer_unit,
        cast(material.concentration as double) as concentration,
        material.concentration_unit,
        cast(dynamics.volume as double) as volume,
        dynamics.volume_unit,
        cast(dynamics.injection_rate as double) as injection_rate,
        dynamics.injection_rate_unit,
        cast(dynamics.injection_duration as double) as injection_duration,
        dynamics.injection_duration_unit,
        cast(dynamics.injection_current as double) as injection_current,
        dynamics.injection_current_unit,
        coalesce(nullif(part.protocol_id, ''), nullif(procedure.protocol_id, ''))
            as protocol_id
    from injection
    inner join {{ ref('stg_docdb__subject_procedures') }} as procedure
        on
            injection.record_id = procedure.record_id
            and injection.surgery_position = procedure.position
    inner join {{ ref('stg_docdb__surgery_procedures') }} as part
        on
            injection.record_id = part.record_id
            and injection.surgery_position = part.surgery_position
            and injection.position = part.position
    left join material
        on
            injection.record_id = material.record_id
            and injection.surgery_position = material.surgery_position
            and injection.position = material.injection_position
    left join site
        on
            injection.record_id = site.record_id
            and injection.surgery_position = site.surgery_position
            and injection.position = site.injection_position
    left join dynamics
        on
            injection.record_id = dynamics.record_id
            and injection.surgery_position = dynamics.surgery_position
            and injection.position = dynamics.injection_position
            and site.position = dynamics.position
    left join placed_site
        on
            injection.record_id = placed_site.record_id
            and injection.surgery_position = placed_site.surgery_position
            and injection.position = placed_site.injection_position
            and site.position = placed_site.position
    left join {{ ref('int_coordinates') }} as target
        on
            injection.record_id = target.record_id
            and target.kind = 'injection'
            and injection.surgery_position = target.surgery_position
            and injection.position = target.part_position
            and site.position = target.site_position
    left join relative_position
        on
            injection.record_id = relative_position.record_id
            and injection.surgery_position = relative_position.surgery_position
            and injection.position = relative_position.injection_position
    left join plasmid
        on
            injection.record_id = plasmid.record_id
            and injection.surgery_position = plasmid.surgery_position
            and injection.position = plasmid.injection_position
            and material.position = plasmid.material_position
)

select * from placed_injection
