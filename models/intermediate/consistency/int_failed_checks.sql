-- Grain: one row per record and check that it fails.

with check_of_names as (
    select * from {{ ref('int_checks_of_names') }}
),

check_of_sources as (
    select * from {{ ref('int_checks_of_sources') }}
),

check_of_times as (
    select * from {{ ref('int_checks_of_times') }}
),

check_of_starts as (
    select * from {{ ref('int_checks_of_starts') }}
),

check_of_processes as (
    select * from {{ ref('int_checks_of_processes') }}
),

check_of_fibers as (
    select * from {{ ref('int_checks_of_fibers') }}
),

check_of_subjects as (
    select * from {{ ref('int_checks_of_subjects') }}
),

failed_check as (
    select * from check_of_names
    union all
    select * from check_of_sources
    union all
    select * from check_of_times
    union all
    select * from check_of_starts
    union all
    select * from check_of_processes
    union all
    select * from check_of_fibers
    union all
    select * from check_of_subjects
)

select
    "check",
    record_id,
    name,
    detail
from failed_check
