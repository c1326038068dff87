-- Grain: one row per record whose last data process is not its latest.

with record as (
    select * from {{ ref('int_assets_joined') }}
),

process as (
    select
        record_id,
        position,
        coalesce(end_date_time, start_date_time) as ended,
        cast(ended as timestamptz) as ended_at
    from {{ ref('stg_docdb__data_processes') }}
),

last_process as (
    select * from process
    qualify row_number() over (partition by record_id order by position desc) = 1
),

latest_process as (
    select * from process
    qualify row_number() over (
        partition by record_id
        order by ended_at desc nulls last, position desc
    ) = 1
),

last_process_not_latest as (
    select
        'last_process_not_latest' as "check",
        record.record_id,
        record.name,
        concat(
            'data_processes[', last_process.position, '] ', last_process.ended,
            ', data_processes[', latest_process.position, '] ', latest_process.ended
        ) as detail
    from record
    inner join last_process on record.record_id = last_process.record_id
    inner join latest_process on record.record_id = latest_process.record_id
    where last_process.ended_at < latest_process.ended_at
)

select * from last_process_not_latest
