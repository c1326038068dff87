-- Grain: one row per record, kind of procedure, procedure and experimenter of it.

{%- set fields = {'person': 'text or name'} %}

with procedures as (
    select
        record_id,
        'subject' as kind,
        position as procedure_position,
        path,
        experimenters_json
    from {{ ref('stg_docdb__subject_procedures') }}
    union all
    select
        record_id,
        'specimen' as kind,
        position as procedure_position,
        path,
        experimenters_json
    from {{ ref('stg_docdb__specimen_procedures') }}
),

experimenters as (
    select
        record_id,
        kind,
        procedure_position,
        {{ explode_list(fields, 'person', 'experimenters_json', "concat(path, '.experimenters')") }}
            as person
    from procedures
)

select
    record_id,
    kind,
    procedure_position,
    person.position,
    {{ read(fields, 'person') }} as person_name,
    {{ invalid_fields(fields) }} as invalid_fields
from experimenters
