-- Grain: one row per document of the last extract that could not become a record.

with reject as (
    select * from {{ source('biodata_cache', 'rejects') }}
)

select
    source,
    file,
    line,
    reason,
    document
from reject
