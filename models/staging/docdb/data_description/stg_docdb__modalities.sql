-- Grain: one row per record and modality, in the order of the record.

{%- set fields = {'modality': 'object of abbreviation'} %}

with modalities as (
    select
        record_id,
        {{ explode_json(
            'modalities_json', "concat(path, '.modalities')", ['name', 'abbreviation']
        ) }} as modality
    from {{ ref('stg_docdb__data_descriptions') }}
)

select
    record_id,
    modality.position,
    {{ read(fields, 'modality') }} as abbreviation,
    {{ invalid_fields(fields) }} as invalid_fields
from modalities
