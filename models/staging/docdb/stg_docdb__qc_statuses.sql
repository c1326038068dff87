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
        {{ invalid_fields({'element': ['status', 'string']}) }} as invalid_fields
    from exploded
)

select
    record_id,
    position,
    tag,
    {{ json_main_text('status', 'status') }} as status,
    invalid_fields,
    case when invalid_fields is not null then cast(status as varchar) end as invalid_json
from judged
