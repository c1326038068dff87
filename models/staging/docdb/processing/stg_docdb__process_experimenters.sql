-- Grain: one row per record, data process and person who ran it, in the order of the record.

{%- set fields = {'person': 'text or name'} %}

with experimenters as (
    select
        record_id,
        position as process_position,
        {{ explode_list(fields, 'person', 'experimenters_json', "concat(path, '.experimenters')") }}
            as person
    from {{ ref('stg_docdb__data_processes') }}
)

select
    record_id,
    process_position,
    person.position,
    {{ read(fields, 'person') }} as person_name,
    {{ invalid_fields(fields) }} as invalid_fields
from experimenters
