-- Grain: one row per record and investigator, in the order of the record.

with exploded as (
    select
        record_id,
        {{ explode(json_elements('data_description', 'investigators'), 'position', 'element') }}
    from {{ ref('stg_docdb__records') }}
),

parsed as (
    select
        record_id,
        position,
        element,
        {{ json_struct('element', {'name': 'json'}) }} as person
    from exploded
),

judged as (
    select
        record_id,
        position,
        element,
        person,
        {{ invalid_fields({
            'element': ['element', 'object'],
            'name': ['person.name', 'string']
        }) }} as invalid_fields
    from parsed
)

select
    record_id,
    position,
    coalesce({{ json_text('person.name') }}, {{ json_text('element') }}) as person_name,
    invalid_fields,
    case when invalid_fields is not null then cast(element as varchar) end as invalid_json
from judged
