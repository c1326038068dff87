-- Grain: one row per record and metric that says where the tip of a fiber is.

{%- set fields = {
    'content': 'object',
    'place.AP': 'number or text',
    'place.ML': 'number or text',
    'place.DV': 'number or text',
} %}

with metrics as (
    select
        record_id,
        position,
        path,
        trim(metric_name) as metric_name,
        case when left(value, 5) = 'json:' then substring(value, 6) else value end as value
    from {{ ref('stg_docdb__qc_metrics') }}
    where trim(metric_name) like '%_ CCF Location'
),

contents as (
    select
        record_id,
        position,
        path,
        metric_name,
        {{ json_slot(
            json_or_text(json_content('value'), "nullif(trim(value), '')"), "concat(path, '.value')"
        ) }} as content
    from metrics
),

places as (
    select
        record_id,
        position,
        path,
        metric_name,
        content,
        {{ json_object(fields, 'content', 'place') }} as place
    from contents
)

select
    record_id,
    position as metric_position,
    path,
    metric_name,
    {{ read(fields, 'place.AP') }} as ap,
    {{ read(fields, 'place.ML') }} as ml,
    {{ read(fields, 'place.DV') }} as dv,
    {{ read(fields, 'content') }} as place_json,
    {{ invalid_fields(fields) }} as invalid_fields
from places
