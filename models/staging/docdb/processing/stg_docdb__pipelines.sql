-- Grain: one row per record and pipeline, in the order of the record.

{%- set fields = {'pipeline': 'object of name'} %}

with pipelines as (
    select
        record_id,
        {{ explode_json('pipelines_json', "concat(path, '.pipelines')", ['name', 'version']) }}
            as pipeline
    from {{ ref('stg_docdb__processings') }}
)

select
    record_id,
    pipeline.position,
    {{ read(fields, 'pipeline') }} as pipeline_name,
    {{ invalid_fields(fields) }} as invalid_fields
from pipelines
