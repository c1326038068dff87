-- Grain: one row per session of the copied frame, in its order.

{%- set fields = {
    'subject_id': 'text',
    'session_date': 'date',
    'session': 'whole number',
    'nwb_suffix': 'whole number',
    'rig': 'text',
    'trainer': 'text',
    'task': 'text',
    'curriculum_name': 'text',
    'curriculum_version': 'text',
    'current_stage_actual': 'text',
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
    {{ read_column(fields, 'subject_id') }} as subject_id,
    {{ read_column(fields, 'session_date') }} as session_date,
    {{ read_column(fields, 'session') }} as session,
    {{ read_column(fields, 'nwb_suffix') }} as nwb_suffix,
    {{ read_column(fields, 'rig') }} as rig,
    {{ read_column(fields, 'trainer') }} as trainer,
    {{ read_column(fields, 'task') }} as task,
    {{ read_column(fields, 'curriculum_name') }} as curriculum_name,
    {{ read_column(fields, 'curriculum_version') }} as curriculum_version,
    {{ read_column(fields, 'current_stage_actual') }} as current_stage_actual,
    {{ read_column(fields, 'foraging_eff') }} as foraging_eff,
    {{ read_column(fields, 'foraging_eff_random_seed') }} as foraging_eff_random_seed,
    {{ read_column(fields, 'finished_trials') }} as finished_trials,
    {{ read_column(fields, 'finished_rate') }} as finished_rate,
    {{ read_column(fields, 'total_trials') }} as total_trials,
    {{ read_column(fields, 'bias_naive') }} as bias_naive,
    {{ invalid_columns(fields) }} as invalid_fields
from sessions
