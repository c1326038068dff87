-- Grain: one row per event of a subject.

with event as (
    select * from {{ ref('stg_foraging__events') }}
),

event_of_subject as (
    -- 2026-11-27: the number of columns depends on the data.
    select *
    from event
    where {{ is_partition_value('subject_id') }}
)

select * from event_of_subject -- noqa: AM04
