-- Grain: one row per record and modality, in the order of the record.

{%- set fields = {'modality': 'object of abbreviation', 'modality.name': 'known'} %}

with modalities as (
    select
        record_id,
        {{ explode_list(fields, 'modality', 'modalities_json', "concat(path, '.modalities')") }}
            as modality
    from {{ ref('stg_docdb__data_descriptions') }}
)

select
    record_id,
    modality.position,
    {{ read(fields, 'modality') }} as abbreviation,
    {{ invalid_fields(fields) }} as invalid_fields
from modalities
