-- Grain: one row per record with identifiers in other systems.

{%- set fields = {'section': 'object', 'identifiers.Code Ocean': 'list'} %}

with sections as (
    select
        record_id,
        {{ json_slot('other_identifiers', "'other_identifiers'") }} as section
    from {{ ref('stg_docdb__records') }}
    where not {{ json_is_null('other_identifiers') }}
),

identifier_lists as (
    select
        record_id,
        section,
        {{ json_object(fields, 'section', 'identifiers') }} as identifiers
    from sections
)

select
    record_id,
    identifiers.path,
    {{ read(fields, 'identifiers.Code Ocean') }} as code_ocean_json,
    {{ invalid_fields(fields) }} as invalid_fields
from identifier_lists
