-- Grain: one row per record and data process, in the order of the record.

{%- set fields = {
    'element': 'object',
    'process.process_type': 'text',
    'process.name': 'text',
    'process.stage': 'text',
    'process.start_date_time': 'time',
    'process.end_date_time': 'time',
    'process.code': 'object',
    'process.pipeline_name': 'text',
    'process.experimenters': 'list',
    'process.output_path': 'text',
    'process.notes': 'text',
} %}

with elements as (
    select
        record_id,
        {{ explode_list(
            fields, 'process', 'data_processes_json', "concat(path, '.data_processes')"
        ) }} as element
    from {{ ref('stg_docdb__processings') }}
),

processes as (
    select
        record_id,
        element,
        {{ json_object(fields, 'element', 'process') }} as process
    from elements
),

codes as (
    select
        record_id,
        element,
        process,
        {{ json_object(fields, 'process.code', 'code') }} as code
    from processes
)

select
    record_id,
    element.position,
    process.path,
    process.value is not null as is_usable,
    {{ read(fields, 'process.process_type') }} as process_type,
    {{ read(fields, 'process.name') }} as process_name,
    {{ read(fields, 'process.stage') }} as stage,
    {{ read(fields, 'process.start_date_time') }} as start_date_time,
    {{ read(fields, 'process.end_date_time') }} as end_date_time,
    code.path as code_path,
    code.value as code_json,
    {{ read(fields, 'process.pipeline_name') }} as pipeline_name,
    {{ read(fields, 'process.experimenters') }} as experimenters_json,
    {{ read(fields, 'process.output_path') }} as output_path,
    {{ read(fields, 'process.notes') }} as notes,
    {{ invalid_fields(fields) }} as invalid_fields
from codes
