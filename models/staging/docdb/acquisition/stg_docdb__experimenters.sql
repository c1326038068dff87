-- Grain: one row per record and experimenter, in the order of the record.

{%- set fields = {'person': 'text or name'} %}

with experimenters as (
    select
        record_id,
        {{ explode_list(fields, 'person', 'experimenters_json', "concat(path, '.experimenters')") }}
            as person
    from {{ ref('stg_docdb__acquisitions') }}
)

select
    record_id,
    person.position,
    case
        when {{ json_is('person.value', 'object') }}
            then coalesce({{ read(fields, 'person') }}, '')
        else {{ read(fields, 'person') }}
    end as person_name,
    {{ invalid_fields(fields) }} as invalid_fields
from experimenters
