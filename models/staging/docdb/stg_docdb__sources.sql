-- Grain: one row per record and source asset, in the order of the record.

with exploded as (
    select
        record_id,
        {{ explode(json_elements('data_description', 'source_data'), 'position', 'element') }}
    from {{ ref('stg_docdb__records') }}
),

judged as (
    select
        record_id,
        position,
        element,
        {{ invalid_fields({'element': ['element', 'string']}) }} as invalid_fields
    from exploded
)

select
    record_id,
    position,
    {{ json_text('element') }} as source_name,
    invalid_fields,
    case when invalid_fields is not null then cast(element as varchar) end as invalid_json
from judged
