-- Grain: one row per record, metric and tag; older records list tags, newer ones name them.

{%- set fields = {'tag': 'text'} %}

with tags as (
    select
        record_id,
        position as metric_position,
        {{ explode_list(fields, 'tag', 'tags_json', "concat(path, '.tags')") }} as tag
    from {{ ref('stg_docdb__qc_metrics') }}
)

select
    record_id,
    metric_position,
    tag.position,
    tag.key as tag_type,
    {{ read(fields, 'tag') }} as tag_value,
    {{ invalid_fields(fields) }} as invalid_fields
from tags
