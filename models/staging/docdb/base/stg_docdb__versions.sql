-- Grain: one row per live record; the version of it that the other models are made from.

select
    record_id,
    run,
    position,
    extracted_at,
    source,
    content_hash
from {{ ref('stg_docdb__records') }}
