-- Grain: one row per record, injection and material of it.

with plasmid as (
    select
        record_id,
        surgery_position,
        injection_position,
        material_position,
        {{ list_in_order('plasmid_tars_alias', 'position') }} as plasmid_tars_alias
    from {{ ref('stg_docdb__injection_plasmids') }}
    where plasmid_tars_alias != ''
    group by all
)

select
    material.record_id,
    material.surgery_position,
    material.injection_position,
    material.position,
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
    material.concentration_unit
from {{ ref('stg_docdb__injection_materials') }} as material
left join plasmid
    on
        material.record_id = plasmid.record_id
        and material.surgery_position = plasmid.surgery_position
        and material.injection_position = plasmid.injection_position
        and material.position = plasmid.material_position
where material.is_usable
