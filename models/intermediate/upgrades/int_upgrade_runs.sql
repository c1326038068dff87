-- Grain: one row per v1 record that the upgrader knows: its last run.

with run as (
    select * from {{ ref('stg_upgrader__runs') }}
    where record_id is not null
),

last_run as (
    select
        record_id,
        v2_id,
        upgrader_version,
        last_modified,
        status,
        upgrade_datetime
    from run
    -- The upgrader keeps one row per record; should it ever not, the newest counts.
    qualify
        row_number() over (
            partition by record_id
            order by
                {{ parse_timestamp('last_modified') }} desc nulls last,
                upgrader_version desc nulls last,
                v2_id nulls last,
                status
        ) = 1
)

select * from last_run
