-- Grain: one row per record and allele of its subject, in the order of the record.

{%- set fields = {'allele': 'object of name'} %}

with alleles as (
    select
        record_id,
        {{ explode_list(fields, 'allele', 'alleles_json', "concat(details_path, '.alleles')") }}
            as allele
    from {{ ref('stg_docdb__subjects') }}
)

select
    record_id,
    allele.position,
    {{ read(fields, 'allele') }} as allele_name,
    {{ invalid_fields(fields) }} as invalid_fields
from alleles
