-- Grain: one row per kind of probe and location in the object store.
--
-- It reads the lake, before any model, and may select a few more probes than the tables use (every
-- stitched asset, not only the latest), but never fewer. Modalities are therefore searched as text:
-- whatever the type of the value, it matches all that the tables read.
--
-- A missing object is probed again every night in the first week of an asset, and then less often
-- the older the asset is: every `age in weeks` nights, at most every 60. The hash of its location
-- selects the nights, which spreads old assets evenly.
--
-- Parameters: $now, when this run began; $lake, the files of the record lake; $channels,
-- $neuroglancer, $exaspim, $exaspim_folders and $trainer_states, the files of known responses;
-- $store, the store that is probed now; $is_sample, whether the records are those of the sample.

with version as (
    select
        _id,
        run,
        is_deleted,
        coalesce(try_cast(_created as timestamptz), extracted_at) as created_at,
        lower(name) as name_key,
        rtrim(location, '/') as location,
        json_extract_string(data_description, '$.data_level') as data_level,
        coalesce(json_extract_string(data_description, '$.modalities'), '') as modalities
    from read_parquet($lake, hive_partitioning = false)
),

asset as (
    select distinct
        name_key,
        location,
        data_level,
        modalities,
        created_at
    from version
    qualify
        run = max(run) over (partition by _id)
        and not is_deleted
        and regexp_matches(location, '^s3://[^/]+')
),

-- The newest record of a location counts.
pause as (
    select
        location,
        least(greatest(date_diff('day', max(created_at), $now) // 7, 1), 60) as nights
    from asset
    group by all
),

probe as (
    -- Folders of channels, of derived assets that are stitched.
    select
        'channels' as kind,
        location
    from asset
    where
        data_level = 'derived'
        and contains(name_key, 'stitched')

    union

    -- The link in the neuroglancer configuration of a raw SPIM asset.
    select
        'neuroglancer' as kind,
        location
    from asset
    where
        data_level = 'raw'
        and contains(modalities, 'SPIM')

    union

    -- The files that a link of ExaSPIM can point to. Which raw SPIM assets are ExaSPIM stands in
    -- the section that is largest for them; asking for all costs less than reading it.
    select
        'exaspim' as kind,
        location
    from asset
    where
        data_level = 'raw'
        and contains(modalities, 'SPIM')

    union

    -- Folders of results and intermediate data, of derived assets that are fused.
    select
        'exaspim_folders' as kind,
        location
    from asset
    where
        data_level = 'derived'
        and contains(name_key, 'fused')
        and contains(modalities, 'SPIM')

    union

    -- Trainer states, of behavior in the open bucket.
    select
        'trainer_states' as kind,
        location
    from asset
    where
        contains(modalities, 'behavior')
        and starts_with(location, 's3://aind-open-data/')
),

response as (
    select 'channels' as kind, * from read_parquet($channels)
    union all
    select 'neuroglancer' as kind, * from read_parquet($neuroglancer)
    union all
    select 'exaspim' as kind, * from read_parquet($exaspim)
    union all
    select 'exaspim_folders' as kind, * from read_parquet($exaspim_folders)
    union all
    select 'trainer_states' as kind, * from read_parquet($trainer_states)
),

newest_time as (
    select
        kind,
        location,
        max(asked_at) as asked_at
    from response
    group by all
),

newest_response as (
    select response.*
    from response
    inner join newest_time
        on
            response.kind = newest_time.kind
            and response.location = newest_time.location
            and response.asked_at = newest_time.asked_at
),

-- Objects that never change are not probed again; those that were missing or broken are, and those
-- that may go.
settled as (
    select
        kind,
        location
    from newest_response
    where
        store = $store
        and kind not in ('exaspim', 'exaspim_folders')
    group by all
    having
        bool_and(
            key is not null
            and problem is null
            and case kind
                when 'neuroglancer'
                    then
                        json_valid(content)
                        and try(json_extract_string(content, '$.ng_link')) is not null
                when 'trainer_states' then json_valid(content)
                else true
            end
        )
),

-- Refused is not missing: that is probed again every night.
missing as (
    select
        kind,
        location,
        asked_at
    from newest_response
    where store = $store
    group by all
    having bool_and(problem is null)
),

-- Days are counted from another one for each location: in so many days, one of them is due.
postponed as (
    select
        missing.kind,
        missing.location
    from missing
    inner join pause on missing.location = pause.location
    where
        pause.nights > 1
        and (
            date_diff('day', timestamptz '1970-01-01 00:00:00+00', missing.asked_at)
            + hash(missing.location) % pause.nights
        ) // pause.nights
        = (
            date_diff('day', timestamptz '1970-01-01 00:00:00+00', $now)
            + hash(missing.location) % pause.nights
        ) // pause.nights
),

found_before as (
    select
        kind,
        location
    from newest_response
    where
        key is not null
        -- Responses of the sample hold for its records alone.
        and ($is_sample or not starts_with(store, 'sample'))
    group by all
),

probes_with_state as (
    select
        probe.kind,
        probe.location,
        settled.location is not null or postponed.location is not null as is_settled,
        found_before.location is not null as was_found
    from probe
    left join settled
        on
            probe.kind = settled.kind
            and probe.location = settled.location
    left join postponed
        on
            probe.kind = postponed.kind
            and probe.location = postponed.location
    left join found_before
        on
            probe.kind = found_before.kind
            and probe.location = found_before.location
)

select * from probes_with_state
order by kind, location
