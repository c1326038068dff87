-- Grain: one row per row of a copied table, or value in it, that a table cannot hold.

with repeated_session as (
    select
        cast(null as varchar) as record_id,
        'foraging_sessions' as table_name,
        'session' as column_name,
        concat('row ', position + 1, ' of the source') as path,
        'session stands again later' as problem,
        concat_ws(' ', subject_id, session_date, session, nwb_suffix) as value
    from {{ ref('int_foraging_sessions') }}
    where not is_newest
),

invalid_session as (
    select
        position,
        unnest(invalid_fields) as error
    from {{ ref('int_foraging_sessions') }}
),

session_error as (
    select
        cast(null as varchar) as record_id,
        'foraging_sessions' as table_name,
        error.field as column_name,
        concat('row ', position + 1, ' of the source') as path,
        error.problem,
        error.value
    from invalid_session
),

invalid_run as (
    select
        record_id,
        run_number,
        unnest(invalid_fields) as error
    from {{ ref('int_upgrade_runs') }}
    where is_last
),

run_error as (
    select
        cast(null as varchar) as record_id,
        'metadata_upgrade' as table_name,
        error.field as column_name,
        concat('v1_id ', record_id, ', run ', run_number) as path,
        error.problem,
        error.value
    from invalid_run
),

nameless_version as (
    select
        cast(null as varchar) as record_id,
        'metadata_upgrade' as table_name,
        'upgrader_version' as column_name,
        concat('v1_id ', run.record_id, ', run ', run.run_number) as path,
        'version is no name of a column' as problem,
        run.upgrader_version as value
    from {{ ref('int_upgrade_runs') }} as run
    anti join {{ ref('int_upgrade_versions') }} as version
        on
            run.record_id = version.record_id
            and lower(trim(run.upgrader_version)) = version.upgrader_version
    where
        run.record_id is not null
        and run.upgrader_version is not null
),

-- A table with one row per record and a column per version holds one run of each version.
repeated_run as (
    select
        cast(null as varchar) as record_id,
        'metadata_upgrade' as table_name,
        'status' as column_name,
        concat_ws(', ', coalesce('v1_id ' || record_id, 'no v1_id'), concat('run ', run_number))
            as path,
        if(record_id is null, 'no v1 record', 'newer run of this version') as problem,
        concat_ws(', ', upgrader_version, status, v2_id, last_modified, upgrade_datetime) as value
    from {{ ref('int_upgrade_runs') }}
    where not is_last_of_version
)

select * from repeated_session
union all
select * from session_error
union all
select * from run_error
union all
select * from nameless_version
union all
select * from repeated_run
union all
select
    record_id,
    table_name,
    column_name,
    path,
    problem,
    value
from {{ ref('int_excluded_foraging') }}
