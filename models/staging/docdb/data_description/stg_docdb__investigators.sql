-- Grain: one row per record and investigator, in the order of the record.

{%- set fields = {'person': 'object of name'} %}

with investigators as (
    select
        record_id,
        {{ explode_list(fields, 'person', 'investigators_json', "concat(path, '.investigators')") }}
            as person
    from {{ ref('stg_docdb__data_descriptions') }}
)

select
    record_id,
    person.position,
    {{ read(fields, 'person') }} as person_name,
    {{ invalid_fields(fields) }} as invalid_fields
from investigators
