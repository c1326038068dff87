-- Grain: one row per record, injection, material and plasmid of it.

{%- set fields = {'alias': 'text'} %}

with aliases as (
    select
        record_id,
        surgery_position,
        injection_position,
        position as material_position,
        {{ explode_list(fields, 'alias', 'plasmid_tars_alias_json', 'plasmid_tars_alias_path') }}
            as alias
    from {{ ref('stg_docdb__injection_materials') }}
)

select
    record_id,
    surgery_position,
    injection_position,
    material_position,
    alias.position,
    {{ read(fields, 'alias') }} as plasmid_tars_alias,
    {{ invalid_fields(fields) }} as invalid_fields
from aliases
