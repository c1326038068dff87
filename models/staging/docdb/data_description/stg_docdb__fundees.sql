-- Grain: one row per record, funding source and person that it funds, in the order of the record.

{%- set fields = {'person': 'object of name'} %}

with fundees as (
    select
        record_id,
        position as funding_position,
        {{ explode_list(fields, 'person', 'fundees_json', "concat(path, '.fundee')") }} as person
    from {{ ref('stg_docdb__fundings') }}
)

select
    record_id,
    funding_position,
    person.position,
    {{ read(fields, 'person') }} as person_name,
    {{ invalid_fields(fields) }} as invalid_fields
from fundees
