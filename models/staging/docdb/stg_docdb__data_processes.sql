-- Grain: one row per record and data process, in the order of the record.

with exploded as (
    select
        record_id,
        {{ explode(json_elements('processing', 'data_processes'), 'position', 'element') }}
    from {{ ref('stg_docdb__records') }}
),

parsed as (
    select
        record_id,
        position,
        element,
        {{ json_struct('element', {
            'start_date_time': 'json',
            'end_date_time': 'json'
        }) }} as process
    from exploded
),

judged as (
    select
        record_id,
        position,
        element,
        process,
        {{ invalid_fields({
            'element': ['element', 'object'],
            'start_date_time': ['process.start_date_time', 'string'],
            'end_date_time': ['process.end_date_time', 'string']
        }) }} as invalid_fields
    from parsed
)

select
    record_id,
    position,
    {{ json_text('process.start_date_time') }} as start_date_time,
    {{ json_text('process.end_date_time') }} as end_date_time,
    invalid_fields,
    case when invalid_fields is not null then cast(element as varchar) end as invalid_json
from judged
