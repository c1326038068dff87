-- Grain: one row per raw asset name with an acquisition.

with asset as (
    select * from {{ ref('int_assets_joined') }}
    where
        is_current
        and data_level = 'raw'
        and has_acquisition
),

acquisition as (
    select * from {{ ref('stg_docdb__acquisitions') }}
),

subject_details as (
    select * from {{ ref('stg_docdb__acquisition_details') }}
),

people as (
    select * from {{ ref('int_people_aggregated') }}
),

epoch as (
    select
        record_id,
        position,
        stimulus_name
    from {{ ref('stg_docdb__stimulus_epochs') }}
    where is_usable
),

epoch_count as (
    select
        record_id,
        count(*) as epoch_count
    from epoch
    group by all
),

stimulus as (
    select
        record_id,
        stimulus_name,
        min(position) as first_position
    from epoch
    where stimulus_name is not null
    group by all
),

stimulus_list as (
    select
        record_id,
        list(stimulus_name order by first_position) as stimulus_names
    from stimulus
    group by all
),

performance as (
    select
        record_id,
        sum({{ exact_integer(parse_number('trials_total')) }}) as trials_total,
        sum({{ exact_integer(parse_number('trials_finished')) }}) as trials_finished,
        sum({{ exact_integer(parse_number('trials_rewarded')) }}) as trials_rewarded
    from {{ ref('stg_docdb__epoch_performances') }}
    group by all
),

protocol as (
    select
        record_id,
        list(protocol_id order by position) as protocol_ids
    from {{ ref('stg_docdb__protocols') }}
    where protocol_id != ''
    group by all
),

ethics_review as (
    select
        record_id,
        list(ethics_review_id order by position) as ethics_review_ids
    from {{ ref('stg_docdb__ethics_reviews') }}
    where ethics_review_id != ''
    group by all
),

described as (
    select
        asset.name as asset_name,
        asset.subject_id,
        asset.acquisition_type,
        asset.instrument_id,
        {{ instrument_name('asset.instrument_id') }} as instrument_id_normalized,
        {{ parse_timestamp('asset.acquisition_start_time') }} as start_at,
        {{ parse_timestamp('asset.acquisition_end_time') }} as end_at,
        date_diff('microsecond', start_at, end_at) / 1e6 as duration_s,
        coalesce(people.experimenters_normalized, []) as experimenters_normalized,
        asset.modalities,
        cast(coalesce(epoch_count.epoch_count, 0) as integer) as epoch_count,
        coalesce(stimulus_list.stimulus_names, []) as stimulus_names,
        cast(performance.trials_total as bigint) as trials_total,
        cast(performance.trials_finished as bigint) as trials_finished,
        cast(performance.trials_rewarded as bigint) as trials_rewarded,
        {{ parse_number('subject_details.reward_consumed_total') }} as reward_consumed_total,
        subject_details.reward_unit,
        {{ parse_number('subject_details.animal_weight_prior') }} as animal_weight_prior,
        {{ parse_number('subject_details.animal_weight_post') }} as animal_weight_post,
        subject_details.weight_unit,
        subject_details.mouse_platform,
        coalesce(protocol.protocol_ids, []) as protocol_ids,
        coalesce(ethics_review.ethics_review_ids, []) as ethics_review_ids,
        cast(asset.age as integer) as age,
        acquisition.notes
    from asset
    inner join acquisition on asset.record_id = acquisition.record_id
    left join subject_details on asset.record_id = subject_details.record_id
    left join people on asset.record_id = people.record_id
    left join epoch_count on asset.record_id = epoch_count.record_id
    left join stimulus_list on asset.record_id = stimulus_list.record_id
    left join performance on asset.record_id = performance.record_id
    left join protocol on asset.record_id = protocol.record_id
    left join ethics_review on asset.record_id = ethics_review.record_id
)

select * from described
