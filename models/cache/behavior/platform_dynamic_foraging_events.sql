-- Grain: one row per event of a subject.

with event as (
    select * from {{ ref('stg_foraging__events') }}
),

event_of_subject as (
    -- 2026-11-27: how many columns there are is for the data to say.
    select *
    from event
    where {{ is_partition_value('subject_id') }}
)

select * from event_of_subject -- noqa: AM04
