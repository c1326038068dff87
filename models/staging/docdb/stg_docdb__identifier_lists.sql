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
        {{ odd_fields({'element': ['identifiers', 'array']}) }} as odd_fields
    from listed
)

select
    record_id,
    position,
    registry,
    case
        when {{ json_kind('identifiers') }} = 'array' then cast(identifiers as varchar)
        when identifiers is not null then concat('[', identifiers, ']')
    end as identifiers_json,
    odd_fields,
    case when odd_fields is not null then cast(identifiers as varchar) end as odd_element
from judged
