-- Grain: one row per record and funding source, in the order of the record.

{%- set fields = {
    'element': 'object or funder',
    'funding.funder': 'object of name',
    'funding.grant_number': 'text',
    'funding.fundee': 'list',
} %}

with elements as (
    select
        record_id,
        {{ explode_list(
            fields, 'funding', 'funding_source_json', "concat(path, '.funding_source')"
        ) }} as element
    from {{ ref('stg_docdb__data_descriptions') }}
),

fundings as (
    select
        record_id,
        element,
        {{ json_object(fields, 'element', 'funding') }} as funding
    from elements
)

select
    record_id,
    element.position,
    funding.path,
    funding.value is not null as is_usable,
    {{ read(fields, 'funding.funder') }} as funder,
    {{ read(fields, 'funding.grant_number') }} as grant_number,
    {{ read(fields, 'funding.fundee') }} as fundees_json,
    {{ invalid_fields(fields) }} as invalid_fields
from fundings
