-- Grain: one row per trial of a subject.

with trial as (
    select * from {{ ref('stg_foraging__trials') }}
),

trial_of_subject as (
    -- 2026-11-27: the number of columns depends on the data.
    select *
    from trial
    where {{ is_partition_value('subject_id') }}
)

select * from trial_of_subject -- noqa: AM04
