-- Grain: one row per record, injection and injected material.

{%- set fields = {
    'element': 'object or name',
    'material.object_type': 'text',
    'material.name': 'text',
    'material.tars_identifiers': 'object',
    'material.addgene_id': 'object or registry_identifier',
    'material.titer': 'number or text',
    'material.titer_unit': 'text',
    'material.concentration': 'number or text',
    'material.concentration_unit': 'text',
    'tars.virus_tars_id': 'text',
    'tars.plasmid_tars_alias': 'list',
    'tars.prep_lot_number': 'text',
    'addgene.registry_identifier': 'text',
    'addgene.name': 'text',
} %}

with elements as (
    select
        record_id,
        surgery_position,
        position as injection_position,
        targeted_structure,
        {{ explode_list(
            fields, 'material', 'injection_materials_json', "concat(path, '.injection_materials')"
        ) }} as element
    from {{ ref('stg_docdb__injections') }}
),

materials as (
    select
        record_id,
        surgery_position,
        injection_position,
        targeted_structure,
        element,
        {{ json_object(fields, 'element', 'material') }} as material
    from elements
),

identifiers as (
    select
        record_id,
        surgery_position,
        injection_position,
        targeted_structure,
        element,
        material,
        {{ json_object(fields, 'material.tars_identifiers', 'tars') }} as tars,
        {{ json_object(fields, 'material.addgene_id', 'addgene') }} as addgene
    from materials
)

select
    record_id,
    surgery_position,
    injection_position,
    element.position,
    material.value is not null as is_usable,
    targeted_structure,
    {{ read(fields, 'material.object_type') }} as material_type,
    {{ read(fields, 'material.name') }} as material_name,
    {{ read(fields, 'tars.virus_tars_id') }} as virus_tars_id,
    {{ read(fields, 'tars.plasmid_tars_alias') }} as plasmid_tars_alias_json,
    concat(tars.path, '.plasmid_tars_alias') as plasmid_tars_alias_path,
    {{ read(fields, 'tars.prep_lot_number') }} as prep_lot_number,
    {{ read(fields, 'addgene.registry_identifier') }} as addgene_identifier,
    {{ read(fields, 'addgene.name') }} as addgene_name,
    {{ read(fields, 'material.titer') }} as titer,
    {{ read(fields, 'material.titer_unit') }} as titer_unit,
    {{ read(fields, 'material.concentration') }} as concentration,
    {{ read(fields, 'material.concentration_unit') }} as concentration_unit,
    {{ invalid_fields(fields) }} as invalid_fields
from identifiers
