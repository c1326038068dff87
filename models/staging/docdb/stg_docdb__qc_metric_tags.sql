-- Grain: one row per record, metric and tag; older records list tags, newer ones name them.

with tagged as (
    select
        record_id,
        position as metric_position,
        tags_json,
        {{ json_type('tags_json') }} as tags_kind
    from {{ ref('stg_docdb__qc_metrics') }}
    where tags_json is not null
),

named as (
    select
        record_id,
        metric_position,
        {{ explode_map(json_struct('tags_json', {'*': 'json'}), 'position', 'tag_type', 'tag') }}
    from tagged
    where tags_kind = 'object'
),

listed as (
    select
        record_id,
        metric_position,
        {{ explode(json_struct('tags_json', ['json']), 'position', 'tag') }}
    from tagged
    where tags_kind = 'array'
),

gathered as (
    select
        record_id,
        metric_position,
        position,
        tag_type,
        tag
    from named
    union all
    select
        record_id,
        metric_position,
        position,
        cast(null as varchar) as tag_type,
        tag
    from listed
),

judged as (
    select
        record_id,
        metric_position,
        position,
        tag_type,
        tag,
        {{ invalid_fields({'element': ['tag', 'string']}) }} as invalid_fields
    from gathered
)

select
    record_id,
    metric_position,
    position,
    tag_type,
    {{ json_text('tag') }} as tag_value,
    invalid_fields,
    case when invalid_fields is not null then cast(tag as varchar) end as invalid_json
from judged
