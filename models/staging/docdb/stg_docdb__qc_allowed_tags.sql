-- Grain: one row per record and tag whose metrics may fail, in the order of the record.

with exploded as (
    select
        record_id,
        {{ explode(json_elements('quality_control', 'allow_tag_failures'), 'position', 'element') }}
    from {{ ref('stg_docdb__records') }}
)

select
    record_id,
    position,
    {{ json_text('element') }} as tag,
    {{ invalid_fields({'element': ['element', 'string']}) }} as invalid_fields,
    case when invalid_fields is not null then cast(element as varchar) end as invalid_json
from exploded
