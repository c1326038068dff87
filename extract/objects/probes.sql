-- Grain: one row per kind of question and location that the object store is asked about.
--
-- This looks at the lake as it is, before any model: it only decides what is asked, so it may ask
-- for a little more than the tables use (every stitched asset, not only the latest), but never for
-- less. Modalities are therefore searched as text: whatever kind of value stands there, what the
-- tables find is found here.
--
-- Parameters: $lake, the files of the record lake; $channels, $neuroglancer, $exaspim and
-- $trainer_states, the files of the answers that are known; $store, the store that is asked now.

with version as (
    select
        _id,
        run,
        is_deleted,
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
        modalities
    from version
    qualify
        run = max(run) over (partition by _id)
        and not is_deleted
        and regexp_matches(location, '^s3://[^/]+')
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
    select 'trainer_states' as kind, * from read_parquet($trainer_states)
),

newest as (
    select
        kind,
        location,
        max(asked_at) as asked_at
    from answer
    group by all
),

-- What never changes once it is there is not asked again; what was missing or broken is.
settled as (
    select
        answer.kind,
        answer.location
    from answer
    inner join newest
        on
            answer.kind = newest.kind
            and answer.location = newest.location
            and answer.asked_at = newest.asked_at
    where
        answer.store = $store
        and answer.kind != 'exaspim'
    group by all
    having
        bool_and(
            answer.key is not null
            and answer.problem is null
            and case answer.kind
                when 'neuroglancer'
                    then
                        json_valid(answer.content)
                        and try(json_extract_string(answer.content, '$.ng_link')) is not null
                when 'trainer_states' then json_valid(answer.content)
                else true
            end
        )
),

found as (
    select
        answer.kind,
        answer.location
    from answer
    inner join newest
        on
            answer.kind = newest.kind
            and answer.location = newest.location
            and answer.asked_at = newest.asked_at
    where
        answer.key is not null
        -- What the sample says of a place is no answer of any other store.
        and starts_with(answer.store, 'sample') = starts_with($store, 'sample')
    group by all
),

judged as (
    select
        question.kind,
        question.location,
        settled.location is not null as is_settled,
        found.location is not null as was_found
    from question
    left join settled
        on
            question.kind = settled.kind
            and question.location = settled.location
    left join found
        on
            question.kind = found.kind
            and question.location = found.location
)

select * from judged
order by kind, location
