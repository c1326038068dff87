-- Grain: one row per row of the upgrader's table: the last run of a v1 record.

with run as (
    select * from {{ source('copies', 'upgrade_status') }}
)

select
    cast(v1_id as varchar) as record_id,
    cast(v2_id as varchar) as v2_id,
    cast(upgrader_version as varchar) as upgrader_version,
    cast(last_modified as varchar) as last_modified,
    cast(status as varchar) as status,
    cast(upgrade_datetime as varchar) as upgrade_datetime
from run
