-- Grain: one row per record, data stream and modality of it, in the order of the record.

{%- set fields = {'modality': 'object of abbreviation', 'modality.name': 'known'} %}

with modalities as (
    select
        record_id,
        position as stream_position,
        {{ explode_list(fields, 'modality', 'modalities_json', "concat(path, '.modalities')") }}
            as modality
    from {{ ref('stg_docdb__data_streams') }}
)

select
    record_id,
    stream_position,
    modality.position,
    {{ read(fields, 'modality') }} as abbreviation,
    {{ invalid_fields(fields) }} as invalid_fields
from modalities
