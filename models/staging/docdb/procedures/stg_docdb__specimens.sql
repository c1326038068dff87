-- Grain: one row per record, procedure on specimens and specimen.

{%- set fields = {'specimen': 'text'} %}

with specimens as (
    select
        record_id,
        position as procedure_position,
        {{ explode_list(fields, 'specimen', 'specimen_id_json', "concat(path, '.specimen_id')") }}
            as specimen
    from {{ ref('stg_docdb__specimen_procedures') }}
)

select
    record_id,
    procedure_position,
    specimen.position,
    {{ read(fields, 'specimen') }} as specimen_id,
    {{ invalid_fields(fields) }} as invalid_fields
from specimens
