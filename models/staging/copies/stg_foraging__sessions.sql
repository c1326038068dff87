-- Grain: one row per session of the copied frame, in its order.

with session as (
    select * from {{ source('copies', 'foraging_sessions') }}
)

select
    position,
    cast(subject_id as varchar) as subject_id,
    cast(session_date as varchar) as session_date,
    try_cast(session as double) as session,
    try_cast(nwb_suffix as double) as nwb_suffix,
    cast({{ adapter.quote('metadata/rig') }} as varchar) as rig,
    cast({{ adapter.quote('metadata/user_name') }} as varchar) as trainer,
    cast({{ adapter.quote('metadata/task') }} as varchar) as task,
    cast({{ adapter.quote('auto_train/curriculum_name') }} as varchar) as curriculum_name,
    cast({{ adapter.quote('auto_train/curriculum_version') }} as varchar) as curriculum_version,
    cast({{ adapter.quote('auto_train/current_stage_actual') }} as varchar)
        as current_stage_actual,
    try_cast({{ adapter.quote('session_stats/foraging_eff') }} as double) as foraging_eff,
    try_cast({{ adapter.quote('session_stats/foraging_eff_random_seed') }} as double)
        as foraging_eff_random_seed,
    try_cast({{ adapter.quote('session_stats/finished_trials') }} as double) as finished_trials,
    try_cast({{ adapter.quote('session_stats/finished_rate') }} as double) as finished_rate,
    try_cast({{ adapter.quote('session_stats/total_trials') }} as double) as total_trials,
    try_cast({{ adapter.quote('session_stats/bias_naive') }} as double) as bias_naive
from session
