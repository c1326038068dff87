-- Grain: one row per v1 record and upgrader version that ran on it, with the status of that run.

with run as (
    select
        record_id,
        upgrader_version,
        status,
        null as published_in
    from {{ ref('int_upgrade_runs') }}
    where is_last_of_version
),

history as (
    select * from {{ ref('stg_upgrader__history') }}
),

published_run as (
    select * from run
    union all
    select * from history
),

versioned_run as (
    select
        record_id,
        lower(trim(upgrader_version)) as upgrader_version,
        status,
        published_in,
        -- The numbers of the folder's name: `bdc-v0.10` is newer than `bdc-v0.9`.
        list_transform(
            regexp_extract_all(published_in, '\d+'), lambda number: try_cast(number as bigint)
        ) as published_version
    from published_run
),

version_status as (
    select
        record_id,
        upgrader_version,
        status
    from versioned_run
    -- A version becomes the name of a column: it begins with a digit, as no other column does.
    where regexp_full_match(upgrader_version, '\d[a-z0-9.+_-]{0,62}')
    qualify
        row_number() over (
            partition by record_id, upgrader_version
            -- First the upgrader's current status, then the last published one.
            order by published_in is null desc, published_version desc, published_in desc
        ) = 1
)

select * from version_status
