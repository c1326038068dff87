-- Grain: one row per row of the copied file, its further columns as they are.

with trial as (
    select * from {{ source('copies', 'platform_dynamic_foraging_trials') }}
)

select
    cast(subject_id as string) as subject_id,
    _row,
    -- 2026-11-27: the further columns are for the data to name.
    trial.* exclude (subject_id, _row) -- noqa: AM04, RF02
from trial
