-- Grain: one row per row of the upgrader's table: the last run of a v1 record.

with run as (
    select * from {{ source('copies', 'upgrade_status') }}
)

select
    cast(v1_id as string) as record_id,
    cast(v2_id as string) as v2_id,
    cast(upgrader_version as string) as upgrader_version,
    cast(last_modified as string) as last_modified,
    cast(status as string) as status,
    cast(upgrade_datetime as string) as upgrade_datetime
from run
