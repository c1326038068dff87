-- Grain: one row per record, registry of identifiers and identifier.

with exploded as (
    select
        record_id,
        position as registry_position,
        registry,
        {{ explode(json_struct('identifiers_json', ['json']), 'position', 'element') }}
    from {{ ref('stg_docdb__identifier_lists') }}
),

judged as (
    select
        record_id,
        registry_position,
        registry,
        position,
        element,
        {{ invalid_fields({'element': ['element', 'string']}) }} as invalid_fields
    from exploded
)

select
    record_id,
    registry_position,
    registry,
    position,
    {{ json_text('element') }} as identifier,
    invalid_fields,
    case when invalid_fields is not null then cast(element as varchar) end as invalid_json
from judged
