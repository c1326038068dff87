-- Grain: one row per record and experimenter, in the order of the record.

with exploded as (
    select
        record_id,
        {{ explode(json_elements('acquisition', 'experimenters'), 'position', 'element') }}
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
            'element': ['element', 'string', 'object'],
            'name': ['person.name', 'string']
        }) }} as invalid_fields
    from parsed
)

select
    record_id,
    position,
    case
        when {{ json_type('element') }} = 'object' then coalesce({{ json_text('person.name') }}, '')
        else {{ json_text('element') }}
    end as person_name,
    invalid_fields,
    case when invalid_fields is not null then cast(element as varchar) end as invalid_json
from judged
