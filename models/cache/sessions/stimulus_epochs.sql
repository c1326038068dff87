-- Grain: one row per asset name and stimulus epoch.

with asset as (
    select * from {{ ref('int_assets_joined') }}
    where is_current
),

epoch as (
    select * from {{ ref('stg_docdb__stimulus_epochs') }}
    where is_usable
),

stimulus_modality as (
    select
        record_id,
        epoch_position,
        {{ list_in_order('stimulus_modality', 'position') }} as stimulus_modalities
    from {{ ref('stg_docdb__epoch_modalities') }}
    where stimulus_modality is not null
    group by all
),

device as (
    select
        record_id,
        epoch_position,
        {{ list_in_order('device_name', 'position') }} as active_devices
    from {{ ref('stg_docdb__epoch_devices') }}
    where device_name is not null
    group by all
),

first_stage as (
    select
        record_id,
        epoch_position,
        stage_in_use
    from {{ ref('stg_docdb__training_stages') }}
    where stage_in_use is not null
    qualify row_number() over (partition by record_id, epoch_position order by position) = 1
)

select
    asset.name as asset_name,
    asset.subject_id,
    cast(epoch.position as integer) as epoch_index,
    epoch.stimulus_name,
    coalesce(stimulus_modality.stimulus_modalities, []) as stimulus_modalities,
    epoch.start_time,
    epoch.end_time,
    {{ parse_timestamp('epoch.start_time') }} as start_at,
    {{ parse_timestamp('epoch.end_time') }} as end_at,
    date_diff('microsecond', start_at, end_at) / 1e6 as duration_s,
    code.code_url,
    code.code_name,
    code.code_version,
    code.software,
    epoch.training_protocol,
    epoch.curriculum_status,
    cast({{ exact_integer(parse_number('performance.trials_total')) }} as bigint)
        as trials_total,
    cast({{ exact_integer(parse_number('performance.trials_finished')) }} as bigint)
        as trials_finished,
    cast({{ exact_integer(parse_number('performance.trials_rewarded')) }} as bigint)
        as trials_rewarded,
    {{ parse_number('performance.reward_consumed') }} as reward_consumed,
    performance.reward_unit,
    first_stage.stage_in_use as stage,
    performance.task_parameters,
    performance.output_parameters,
    coalesce(device.active_devices, []) as active_devices,
    epoch.notes
from asset
inner join epoch on asset.record_id = epoch.record_id
left join {{ ref('stg_docdb__epoch_codes') }} as code
    on
        epoch.record_id = code.record_id
        and epoch.position = code.position
left join {{ ref('stg_docdb__epoch_performances') }} as performance
    on
        epoch.record_id = performance.record_id
        and epoch.position = performance.position
left join stimulus_modality
    on
        epoch.record_id = stimulus_modality.record_id
        and epoch.position = stimulus_modality.epoch_position
left join device
    on
        epoch.record_id = device.record_id
        and epoch.position = device.epoch_position
left join first_stage
    on
        epoch.record_id = first_stage.record_id
        and epoch.position = first_stage.epoch_position
