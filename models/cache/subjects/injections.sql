-- Grain: one row per subject, injection, material and site.

with injection as (
    select
        injection.*,
        procedure_record.subject_id
    from {{ ref('stg_docdb__injections') }} as injection
    inner join {{ ref('int_procedure_records') }} as procedure_record
        on injection.record_id = procedure_record.record_id
),

relative_position as (
    select
        record_id,
        surgery_position,
        injection_position,
        {{ list_in_order('relative_position', 'position') }} as relative_position
    from {{ ref('stg_docdb__injection_relative_positions') }}
    where relative_position != ''
    group by all
)

select
    injection.subject_id,
    cast(injection.surgery_position as integer) as procedure_index,
    cast(injection.position as integer) as part_index,
    cast(coalesce(material.position, 0) as integer) as material_index,
    cast(coalesce(site.position, 0) as integer) as dynamics_index,
    cast(procedure.start_date as date) as start_date,
    nullif(injection.targeted_structure, '') as targeted_structure,
    nullif(injection.targeted_structure_name, '') as targeted_structure_name,
    site.coordinate_ap,
    site.coordinate_ml,
    site.coordinate_si,
    site.coordinate_depth,
    system.coordinate_system_name as coordinate_system,
    system.coordinate_system_origin as coordinate_origin,
    system.coordinate_system_unit as coordinate_unit,
    site.transform,
    coalesce(relative_position.relative_position, []) as relative_position,
    material.material,
    material.material_type,
    material.virus_tars_id,
    coalesce(material.plasmid_tars_alias, []) as plasmid_tars_alias,
    material.addgene_id,
    material.prep_lot_number,
    material.titer,
    material.titer_unit,
    material.concentration,
    material.concentration_unit,
    site.volume,
    site.volume_unit,
    site.injection_rate,
    site.injection_rate_unit,
    site.injection_duration,
    site.injection_duration_unit,
    site.injection_current,
    site.injection_current_unit,
    coalesce(nullif(part.protocol_id, ''), nullif(procedure.protocol_id, '')) as protocol_id
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
left join {{ ref('stg_docdb__coordinate_systems') }} as system
    on
        injection.record_id = system.record_id
        and injection.coordinate_system_path = system.path
left join {{ ref('int_injection_materials') }} as material
    on
        injection.record_id = material.record_id
        and injection.surgery_position = material.surgery_position
        and injection.position = material.injection_position
left join {{ ref('int_injection_sites') }} as site
    on
        injection.record_id = site.record_id
        and injection.surgery_position = site.surgery_position
        and injection.position = site.injection_position
left join relative_position
    on
        injection.record_id = relative_position.record_id
        and injection.surgery_position = relative_position.surgery_position
        and injection.position = relative_position.injection_position
