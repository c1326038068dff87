-- Grain: one row per session of the copied frame, in its order.

{%- set fields = {
    'session': 'whole number',
    'nwb_suffix': 'whole number',
    'foraging_eff': 'number',
    'foraging_eff_random_seed': 'number',
    'finished_trials': 'whole number',
    'finished_rate': 'number',
    'total_trials': 'whole number',
    'bias_naive': 'number',
} %}

with sessions as (
    select
        position,
        cast(subject_id as string) as subject_id,
        cast(session_date as string) as session_date,
        cast(session as string) as session,
        cast(nwb_suffix as string) as nwb_suffix,
        cast({{ adapter.quote('metadata/rig') }} as string) as rig,
        cast({{ adapter.quote('metadata/user_name') }} as string) as trainer,
        cast({{ adapter.quote('metadata/task') }} as string) as task,
        cast({{ adapter.quote('auto_train/curriculum_name') }} as string) as curriculum_name,
        cast({{ adapter.quote('auto_train/curriculum_version') }} as string) as curriculum_version,
        cast({{ adapter.quote('auto_train/current_stage_actual') }} as string)
            as current_stage_actual,
        cast({{ adapter.quote('session_stats/foraging_eff') }} as string) as foraging_eff,
        cast({{ adapter.quote('session_stats/foraging_eff_random_seed') }} as string)
            as foraging_eff_random_seed,
        cast({{ adapter.quote('session_stats/finished_trials') }} as string) as finished_trials,
        cast({{ adapter.quote('session_stats/finished_rate') }} as string) as finished_rate,
        cast({{ adapter.quote('session_stats/total_trials') }} as string) as total_trials,
        cast({{ adapter.quote('session_stats/bias_naive') }} as string) as bias_naive
    from {{ source('copies', 'foraging_sessions') }}
)

select
    position,
    subject_id,
    session_date,
    {{ read_number(fields, 'session') }} as session,
    {{ read_number(fields, 'nwb_suffix') }} as nwb_suffix,
    rig,
    trainer,
    task,
    curriculum_name,
    curriculum_version,
    current_stage_actual,
    {{ read_number(fields, 'foraging_eff') }} as foraging_eff,
    {{ read_number(fields, 'foraging_eff_random_seed') }} as foraging_eff_random_seed,
    {{ read_number(fields, 'finished_trials') }} as finished_trials,
    {{ read_number(fields, 'finished_rate') }} as finished_rate,
    {{ read_number(fields, 'total_trials') }} as total_trials,
    {{ read_number(fields, 'bias_naive') }} as bias_naive,
    {{ invalid_numbers(fields) }} as invalid_fields
from sessions
