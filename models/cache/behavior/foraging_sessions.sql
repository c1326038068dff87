-- Grain: one row per subject, date, session and suffix.

with session as (
    select * from {{ ref('int_foraging_sessions') }}
),

newest_session as (
    select
        subject_id,
        session_date,
        session,
        nwb_suffix,
        rig,
        trainer,
        trainer_normalized,
        task,
        curriculum_name,
        curriculum_version,
        current_stage_actual,
        foraging_eff,
        foraging_eff_random_seed,
        finished_trials,
        finished_rate,
        total_trials,
        bias_naive
    from session
    where is_newest
)

select * from newest_session
