-- Grain: one row per row of the copied file; whether it is the published one of its session.

with database_session as (
    select * from {{ ref('stg_foraging__database_sessions') }}
),

numbered_session as (
    select
        *,
        -- The last of a session is taken for its newest, as in the table of sessions.
        _session_id is not null
        and row_number() over (partition by _session_id order by _row desc) = 1 as is_newest
    from database_session
)

-- 2026-11-27: the number of columns depends on the data.
select * from numbered_session -- noqa: AM04
