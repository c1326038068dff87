-- Grain: one row per v1 record, upgrader version and version of the cache that published its run.

with run as (
    select * from {{ source('copies', 'upgrade_history') }}
)

select
    _id as record_id,
    upgrader_version,
    status,
    published_in
from run
