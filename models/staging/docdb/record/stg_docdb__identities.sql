-- Grain: one row per record, with what identifies it.

{%- set fields = {
    'name': 'text',
    'location': 'text',
    '_created': 'time',
    '_last_modified': 'text',
} %}

-- Identity fields that are not text stay in the rest of the document.
with records as (
    select
        record_id,
        name,
        location,
        created,
        last_modified,
        {{ json_struct('extra_json', {
            'name': 'json',
            'location': 'json',
            '_created': 'json',
            '_last_modified': 'json'
        }) }} as extra
    from {{ ref('stg_docdb__records') }}
),

identities as (
    select
        record_id,
        {{ json_slot(json_or_text('extra.name', 'name'), "'name'") }} as name,
        {{ json_slot(json_or_text('extra.location', 'location'), "'location'") }} as location,
        {{ json_slot(json_or_text('extra._created', 'created'), "'_created'") }} as _created,
        {{ json_slot(json_or_text('extra._last_modified', 'last_modified'), "'_last_modified'") }}
            as _last_modified
    from records
)

select
    record_id,
    {{ read(fields, 'name') }} as name,
    {{ read(fields, 'location') }} as location,
    {{ read(fields, '_created') }} as created,
    {{ read(fields, '_last_modified') }} as last_modified,
    {{ invalid_fields(fields) }} as invalid_fields
from identities
