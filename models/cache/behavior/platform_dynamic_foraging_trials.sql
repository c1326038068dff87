-- Grain: one row per trial of a subject.

with trial as (
    select * from {{ ref('stg_foraging__trials') }}
),

trial_of_subject as (
    -- 2026-11-27: how many columns there are is for the data to say.
    select *
    from trial
    where {{ is_partition_value('subject_id') }}
)

select * from trial_of_subject -- noqa: AM04
