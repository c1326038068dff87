-- Grain: one row per record and check that it fails.

with failed_check as (
    select * from {{ ref('int_failed_checks') }}
)

select
    "check",
    record_id,
    name,
    detail
from failed_check
