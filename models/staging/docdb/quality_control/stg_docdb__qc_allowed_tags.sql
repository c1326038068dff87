-- Grain: one row per record and tag whose metrics may fail without failing the asset.

{%- set fields = {'tag': 'text'} %}

with tags as (
    select
        record_id,
        {{ explode_list(
            fields, 'tag', 'allow_tag_failures_json', "concat(path, '.allow_tag_failures')"
        ) }} as tag
    from {{ ref('stg_docdb__quality_controls') }}
)

select
    record_id,
    tag.position,
    {{ read(fields, 'tag') }} as tag,
    {{ invalid_fields(fields) }} as invalid_fields
from tags
