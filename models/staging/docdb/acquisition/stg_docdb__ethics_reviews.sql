-- Grain: one row per record and ethics review of its acquisition, in the order of the record.

{%- set fields = {'review': 'text'} %}

with reviews as (
    select
        record_id,
        {{ explode_list(
            fields, 'review', 'ethics_review_ids_json', "concat(path, '.ethics_review_id')"
        ) }} as review
    from {{ ref('stg_docdb__acquisitions') }}
)

select
    record_id,
    review.position,
    {{ read(fields, 'review') }} as ethics_review_id,
    {{ invalid_fields(fields) }} as invalid_fields
from reviews
