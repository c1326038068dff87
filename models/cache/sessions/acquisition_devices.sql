-- Grain: one row per asset name, data stream and device in use.

with asset as (
    select * from {{ ref('int_assets_joined') }}
    where is_current
),

configured_device as (
    select
        record_id,
        stream_position,
        position as configuration_position,
        -1 as probe_position,
        device_name,
        object_type as device_kind,
        details
    from {{ ref('stg_docdb__configurations') }}
    where is_usable
),

probe as (
    select
        record_id,
        stream_position,
        configuration_position,
        position as probe_position,
        device_name,
        object_type as device_kind,
        details
    from {{ ref('stg_docdb__assembly_probes') }}
    where is_usable
),

described_device as (
    select * from configured_device
    union all
    select * from probe
),

-- A device that the stream only lists as active.
active_device as (
    select
        device.record_id,
        device.stream_position,
        cast(null as bigint) as configuration_position,
        min(device.position) as probe_position,
        device.device_name,
        cast(null as varchar) as device_kind,
        cast(null as varchar) as details
    from {{ ref('stg_docdb__stream_devices') }} as device
    anti join described_device
        on
            device.record_id = described_device.record_id
            and device.stream_position = described_device.stream_position
            and device.device_name = described_device.device_name
    where device.device_name is not null
    group by all
),

device as (
    select * from described_device
    union all
    select * from active_device
),

stream_modality as (
    select
        record_id,
        stream_position,
        {{ list_in_order('abbreviation', 'position') }} as stream_modalities
    from {{ ref('stg_docdb__stream_modalities') }}
    where abbreviation is not null
    group by all
)

select
    asset.name as asset_name,
    cast(device.stream_position as integer) as stream_index,
    cast(
        row_number() over (
            partition by device.record_id, device.stream_position
            order by device.configuration_position nulls last, device.probe_position
        ) - 1 as integer
    ) as device_index,
    device.device_name,
    device.device_kind,
    if(
        len(stream_modality.stream_modalities) = 1, stream_modality.stream_modalities[1], null
    ) as modality,
    coalesce(stream_modality.stream_modalities, []) as stream_modalities,
    device.details
from asset
inner join device on asset.record_id = device.record_id
left join stream_modality
    on
        device.record_id = stream_modality.record_id
        and device.stream_position = stream_modality.stream_position
