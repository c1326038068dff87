-- Grain: one row per record and pipeline, in the order of the record.

with exploded as (
    select
        record_id,
        {{ explode(json_elements('processing', 'pipelines'), 'position', 'element') }}
    from {{ ref('stg_docdb__records') }}
),

parsed as (
    select
        record_id,
        position,
        element,
        {{ json_struct('element', {'name': 'json'}) }} as pipeline
    from exploded
),

judged as (
    select
        record_id,
        position,
        element,
        pipeline,
        {{ invalid_fields({
            'element': ['element', 'object'],
            'name': ['pipeline.name', 'string']
        }) }} as invalid_fields
    from parsed
)

select
    record_id,
    position,
    {{ json_text('pipeline.name') }} as pipeline_name,
    invalid_fields,
    case when invalid_fields is not null then cast(element as varchar) end as invalid_json
from judged
