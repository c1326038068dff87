-- Grain: one row per session, value or subject of the foraging database that no table can hold.

with repeated_session as (
    select
        cast(null as varchar) as record_id,
        'platform_dynamic_foraging_sessions' as table_name,
        '_session_id' as column_name,
        concat('row ', _row + 1, ' of the source') as path,
        if(_session_id is null, 'no session', 'session stands again later') as problem,
        concat_ws(' ', _session_id, subject_id, session_date, nwb_suffix) as value
    from {{ ref('int_foraging_database_sessions') }}
    where not is_newest
),

invalid_session as (
    select
        _row,
        unnest(invalid_fields) as error
    from {{ ref('int_foraging_database_sessions') }}
),

session_error as (
    select
        cast(null as varchar) as record_id,
        'platform_dynamic_foraging_sessions' as table_name,
        error.field as column_name,
        concat('row ', _row + 1, ' of the source') as path,
        error.problem,
        error.value
    from invalid_session
),

subject_row as (
    select
        'platform_dynamic_foraging_trials' as table_name,
        'trials' as what,
        subject_id,
        _row
    from {{ ref('stg_foraging__trials') }}
    union all
    select
        'platform_dynamic_foraging_events' as table_name,
        'events' as what,
        subject_id,
        _row
    from {{ ref('stg_foraging__events') }}
),

-- There may be millions: one row for all of a subject.
nameless_subject as (
    select
        cast(null as varchar) as record_id,
        table_name,
        'subject_id' as column_name,
        concat('row ', min(_row) + 1, ' of the source, and others') as path,
        if(coalesce(subject_id, '') = '', 'no subject', 'no name of a folder') as problem,
        concat(count(*), ' ', what) as value
    from subject_row
    where not coalesce({{ is_partition_value('subject_id') }}, false)
    group by table_name, what, subject_id
),

excluded_row as (
    select * from repeated_session
    union all
    select * from session_error
    union all
    select * from nameless_subject
)

select * from excluded_row
