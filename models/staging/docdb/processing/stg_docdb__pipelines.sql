-- Grain: one row per record and pipeline, in the order of the record.

{%- set fields = {
    'pipeline': 'object of name',
    'pipeline.version': 'known',
    'code.version': 'text',
} %}

with pipelines as (
    select
        record_id,
        {{ explode_list(fields, 'pipeline', 'pipelines_json', "concat(path, '.pipelines')") }}
            as pipeline
    from {{ ref('stg_docdb__processings') }}
),

codes as (
    select
        record_id,
        pipeline,
        {{ json_object(fields, 'pipeline', 'code') }} as code
    from pipelines
)

select
    record_id,
    pipeline.position,
    {{ read(fields, 'pipeline') }} as pipeline_name,
    {{ read(fields, 'code.version') }} as pipeline_version,
    {{ invalid_fields(fields) }} as invalid_fields
from codes
