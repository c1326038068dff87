-- Grain: one row per record and modality, in the order of the record.

with exploded as (
    select
        record_id,
        {{ explode(json_elements('data_description', 'modalities'), 'position', 'element') }}
    from {{ ref('stg_docdb__records') }}
),

parsed as (
    select
        record_id,
        position,
        element,
        {{ json_struct('element', {'abbreviation': 'json'}) }} as modality
    from exploded
),

judged as (
    select
        record_id,
        position,
        element,
        modality,
        {{ invalid_fields({
            'element': ['element', 'object'],
            'abbreviation': ['modality.abbreviation', 'string']
        }) }} as invalid_fields
    from parsed
)

select
    record_id,
    position,
    -- A bare text stands for its own abbreviation.
    coalesce({{ json_text('modality.abbreviation') }}, {{ json_text('element') }}) as abbreviation,
    invalid_fields,
    case when invalid_fields is not null then cast(element as varchar) end as invalid_json
from judged
