-- Grain: one row per row of the copied frame; whether it is the published one of its session.

with session as (
    select * from {{ ref('stg_foraging__sessions') }}
),

numbered_session as (
    select
        position,
        subject_id,
        session_date,
        session,
        nwb_suffix,
        rig,
        trainer,
        task,
        curriculum_name,
        curriculum_version,
        current_stage_actual,
        foraging_eff,
        foraging_eff_random_seed,
        finished_trials,
        finished_rate,
        total_trials,
        bias_naive,
        invalid_fields,
        coalesce({{ person_name('trainer') }}, '') as trainer_normalized,
        -- Rows are appended to the frame: the last of a session is its newest.
        row_number() over (
            partition by subject_id, session_date, session, nwb_suffix
            order by position desc
        ) = 1 as is_newest
    from session
)

select * from numbered_session
