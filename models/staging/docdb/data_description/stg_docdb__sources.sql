-- Grain: one row per record and source asset, in the order of the record.

{%- set fields = {'source': 'text'} %}

with sources as (
    select
        record_id,
        {{ explode_list(fields, 'source', 'source_data_json', "concat(path, '.source_data')") }}
            as source
    from {{ ref('stg_docdb__data_descriptions') }}
)

select
    record_id,
    source.position,
    {{ read(fields, 'source') }} as source_name,
    {{ invalid_fields(fields) }} as invalid_fields
from sources
