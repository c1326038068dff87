-- Grain: one row per raw asset name with an acquisition.

with asset as (
    select * from {{ ref('int_assets_joined') }}
    where
        is_current
        and data_level = 'raw'
        and has_acquisition
),

protocol as (
    select
        record_id,
        {{ list_in_order('protocol_id', 'position') }} as protocol_ids
    from {{ ref('stg_docdb__protocols') }}
    where protocol_id != ''
    group by all
),

ethics_review as (
    select
        record_id,
        {{ list_in_order('ethics_review_id', 'position') }} as ethics_review_ids
    from {{ ref('stg_docdb__ethics_reviews') }}
    where ethics_review_id != ''
    group by all
)

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
    cast(coalesce(epochs.epoch_count, 0) as integer) as epoch_count,
    coalesce(epochs.stimulus_names, []) as stimulus_names,
    epochs.trials_total,
    epochs.trials_finished,
    epochs.trials_rewarded,
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
inner join {{ ref('stg_docdb__acquisitions') }} as acquisition
    on asset.record_id = acquisition.record_id
left join {{ ref('stg_docdb__acquisition_details') }} as subject_details
    on asset.record_id = subject_details.record_id
left join {{ ref('int_people_aggregated') }} as people on asset.record_id = people.record_id
left join {{ ref('int_session_epochs') }} as epochs on asset.record_id = epochs.record_id
left join protocol on asset.record_id = protocol.record_id
left join ethics_review on asset.record_id = ethics_review.record_id
