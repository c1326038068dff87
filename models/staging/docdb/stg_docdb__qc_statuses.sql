-- Grain: one row per record and key of quality_control.status, in the order of the record.

with parsed as (
    select
        record_id,
        {{ json_struct('quality_control', {'status': {'*': 'json'}}) }}.status as statuses
    from {{ ref('stg_docdb__records') }}
),

exploded as (
    select
        record_id,
        {{ explode_map('statuses', 'position', 'tag', 'status') }}
    from parsed
),

judged as (
    select
        record_id,
        position,
        tag,
        status,
        {{ odd_fields({'element': ['status', 'string']}) }} as odd_fields
    from exploded
)

select
    record_id,
    position,
    tag,
    {{ json_text('status') }} as status,
    odd_fields,
    case when odd_fields is not null then cast(status as varchar) end as odd_element
from judged
