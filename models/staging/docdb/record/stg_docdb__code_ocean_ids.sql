-- Grain: one row per record and identifier in Code Ocean, in the order of the record.

{%- set fields = {'identifier': 'text'} %}

with identifiers as (
    select
        record_id,
        {{ explode_list(fields, 'identifier', 'code_ocean_json', "concat(path, '.Code Ocean')") }}
            as identifier
    from {{ ref('stg_docdb__other_identifiers') }}
)

select
    record_id,
    identifier.position,
    {{ read(fields, 'identifier') }} as identifier,
    {{ invalid_fields(fields) }} as invalid_fields
from identifiers
