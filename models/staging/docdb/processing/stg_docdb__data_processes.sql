-- Grain: one row per record and data process, in the order of the record.

{%- set fields = {
    'element': 'object',
    'process.start_date_time': 'time',
    'process.end_date_time': 'time',
} %}

with elements as (
    select
        record_id,
        {{ explode_json(
            'data_processes_json',
            "concat(path, '.data_processes')",
            ['name', 'process_type', 'start_date_time', 'end_date_time', 'code']
        ) }} as element
    from {{ ref('stg_docdb__processings') }}
),

processes as (
    select
        record_id,
        element,
        {{ json_object(fields, 'element', 'process') }} as process
    from elements
)

select
    record_id,
    element.position,
    {{ read(fields, 'process.start_date_time') }} as start_date_time,
    {{ read(fields, 'process.end_date_time') }} as end_date_time,
    {{ invalid_fields(fields) }} as invalid_fields
from processes
