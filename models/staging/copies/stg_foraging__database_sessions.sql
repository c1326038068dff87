-- Grain: one row per row of the copied file, its further columns as they are.

{%- set fields = {
    '_session_id': 'text',
    'subject_id': 'text',
    'session_date': 'date',
    'nwb_suffix': 'whole number',
    'task': 'text',
    'total_trials': 'whole number',
    'total_trials_with_autowater': 'whole number',
    'finished_trials': 'whole number',
    'ignored_trials': 'whole number',
    'finished_rate': 'number',
    'ignore_rate': 'number',
    'reward_trials': 'whole number',
    'reward_rate': 'number',
    'foraging_eff': 'number',
    'foraging_performance': 'number',
    'bias_naive': 'number',
    'autowater_collected': 'number',
} %}

with database_session as (
    select * from {{ source('copies', 'platform_dynamic_foraging_sessions') }}
)

select
    _row,
    {{ read_column(fields, '_session_id') }} as _session_id,
    {{ read_column(fields, 'subject_id') }} as subject_id,
    {{ read_column(fields, 'session_date') }} as session_date,
    {{ read_column(fields, 'nwb_suffix') }} as nwb_suffix,
    {{ read_column(fields, 'task') }} as task,
    {{ read_column(fields, 'total_trials') }} as total_trials,
    {{ read_column(fields, 'total_trials_with_autowater') }} as total_trials_with_autowater,
    {{ read_column(fields, 'finished_trials') }} as finished_trials,
    {{ read_column(fields, 'ignored_trials') }} as ignored_trials,
    {{ read_column(fields, 'finished_rate') }} as finished_rate,
    {{ read_column(fields, 'ignore_rate') }} as ignore_rate,
    {{ read_column(fields, 'reward_trials') }} as reward_trials,
    {{ read_column(fields, 'reward_rate') }} as reward_rate,
    {{ read_column(fields, 'foraging_eff') }} as foraging_eff,
    {{ read_column(fields, 'foraging_performance') }} as foraging_performance,
    {{ read_column(fields, 'bias_naive') }} as bias_naive,
    {{ read_column(fields, 'autowater_collected') }} as autowater_collected,
    {{ invalid_columns(fields) }} as invalid_fields,
    -- 2026-11-27: the further columns are for the data to name.
    database_session.* exclude ( -- noqa: AM04, RF02
        _row, _session_id, subject_id, session_date, nwb_suffix, task, total_trials,
        total_trials_with_autowater, finished_trials, ignored_trials, finished_rate,
        ignore_rate, reward_trials, reward_rate, foraging_eff, foraging_performance,
        bias_naive, autowater_collected
    )
from database_session
