-- Grain: one row per row of the copied frame; whether it stands for its session.

with session as (
    select * from {{ ref('stg_foraging__sessions') }}
),

typed as (
    select
        position,
        subject_id,
        session_date as session_date_text,
        case
            when try_cast(left(session_date, 10) as date) is not null then left(session_date, 10)
        end as session_date,
        {{ exact_integer('session') }} as session,
        {{ exact_integer('nwb_suffix') }} as nwb_suffix,
        rig,
        trainer,
        coalesce({{ person_name('trainer') }}, '') as trainer_normalized,
        task,
        curriculum_name,
        curriculum_version,
        current_stage_actual,
        nullif(foraging_eff, cast('nan' as double)) as foraging_eff,
        nullif(foraging_eff_random_seed, cast('nan' as double)) as foraging_eff_random_seed,
        {{ exact_integer('finished_trials') }} as finished_trials,
        nullif(finished_rate, cast('nan' as double)) as finished_rate,
        {{ exact_integer('total_trials') }} as total_trials,
        nullif(bias_naive, cast('nan' as double)) as bias_naive
    from session
),

judged as (
    select
        *,
        -- Rows are appended to the frame: the last of a session is its newest.
        row_number() over (
            partition by subject_id, session_date, session, nwb_suffix
            order by position desc
        ) = 1 as is_newest
    from typed
)

select * from judged
