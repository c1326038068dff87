-- Grain: one row per record, injection and word of its relative position.

{%- set fields = {'word': 'text'} %}

with words as (
    select
        record_id,
        surgery_position,
        position as injection_position,
        {{ explode_list(
            fields, 'word', 'relative_position_json', "concat(path, '.relative_position')"
        ) }} as word
    from {{ ref('stg_docdb__injections') }}
)

select
    record_id,
    surgery_position,
    injection_position,
    word.position,
    {{ read(fields, 'word') }} as relative_position,
    {{ invalid_fields(fields) }} as invalid_fields
from words
