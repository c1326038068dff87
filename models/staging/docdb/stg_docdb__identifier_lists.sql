-- Grain: one row per record and registry of identifiers.

with parsed as (
    select
        record_id,
        {{ json_struct('other_identifiers', {'*': 'json'}) }} as registries
    from {{ ref('stg_docdb__records') }}
),

listed as (
    select
        record_id,
        {{ explode_map('registries', 'position', 'registry', 'identifiers') }}
    from parsed
),

judged as (
    select
        record_id,
        position,
        registry,
        identifiers,
        {{ invalid_fields({'element': ['identifiers', 'array']}) }} as invalid_fields
    from listed
)

select
    record_id,
    position,
    registry,
    case
        when {{ json_type('identifiers') }} = 'array' then cast(identifiers as varchar)
        when identifiers is not null then concat('[', identifiers, ']')
    end as identifiers_json,
    invalid_fields,
    case when invalid_fields is not null then cast(identifiers as varchar) end as invalid_json
from judged
