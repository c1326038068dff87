-- Grain: one row per record, stimulus epoch and modality of it, in the order of the record.

{%- set fields = {'modality': 'text'} %}

with modalities as (
    select
        record_id,
        position as epoch_position,
        {{ explode_list(
            fields, 'modality', 'stimulus_modalities_json', "concat(path, '.stimulus_modalities')"
        ) }} as modality
    from {{ ref('stg_docdb__stimulus_epochs') }}
)

select
    record_id,
    epoch_position,
    modality.position,
    {{ read(fields, 'modality') }} as stimulus_modality,
    {{ invalid_fields(fields) }} as invalid_fields
from modalities
