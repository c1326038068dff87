-- Grain: one row per kind of question and location that is put to the object store.
--
-- This looks at the lake as it is, before any model: it decides what is asked, so it may ask
-- for a little more than the tables use (every stitched asset, not only the latest), but never for
-- less. Modalities are therefore searched as text: whatever kind of value stands there, what the
-- tables read is matched here.
--
-- What is not there is asked again every night in the first week of an asset, and then the more
-- rarely the older it is: every `age in weeks` nights, at last every 60. The hash of its location
-- chooses the nights, so that each night has its share of the old ones.
--
-- Parameters: $now, when this run began; $lake, the files of the record lake; $channels, $neuroglancer, $exaspim,
-- $exaspim_folders and $trainer_states, the files of the answers that are known; $store, the store that is asked now;
-- $is_sample, whether the records are those of the sample.

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

question as (
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

answer as (
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
    from answer
    group by all
),

newest_answer as (
    select answer.*
    from answer
    inner join newest_time
        on
            answer.kind = newest_time.kind
            and answer.location = newest_time.location
            and answer.asked_at = newest_time.asked_at
),

-- What never changes once it is there is not asked again; what was missing or broken is, and what
-- may go.
settled as (
    select
        kind,
        location
    from newest_answer
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

-- Refused is not missing: that is asked again every night.
missing as (
    select
        kind,
        location,
        asked_at
    from newest_answer
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
    from newest_answer
    where
        key is not null
        -- Responses of the sample hold for its records alone.
        and ($is_sample or not starts_with(store, 'sample'))
    group by all
),

questions_with_state as (
    select
        question.kind,
        question.location,
        settled.location is not null or postponed.location is not null as is_settled,
        found_before.location is not null as was_found
    from question
    left join settled
        on
            question.kind = settled.kind
            and question.location = settled.location
    left join postponed
        on
            question.kind = postponed.kind
            and question.location = postponed.location
    left join found_before
        on
            question.kind = found_before.kind
            and question.location = found_before.location
)

select * from questions_with_state
order by kind, location
