-- Grain: one row per session of the foraging database.

with database_session as (
    select * from {{ ref('int_foraging_database_sessions') }}
),

newest_session as (
    -- 2026-11-27: the number of columns depends on the data.
    select * exclude (_row, invalid_fields, is_newest)
    from database_session
    where is_newest
)

select * from newest_session -- noqa: AM04
