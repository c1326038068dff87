-- Grain: one row per document that could not become a record, and per value that was repaired.

with reject as (
    select * from {{ source('docdb', 'rejects') }}
)

select
    source,
    file,
    line,
    reason,
    document,
    record_id,
    name,
    path
from reject
