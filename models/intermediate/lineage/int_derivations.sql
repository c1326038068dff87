-- Grain: one row per derived asset name and source name; '' if it has no source.

with asset as (
    select * from {{ ref('int_assets_joined') }}
    where
        is_current
        and data_level = 'derived'
),

source as (
    select
        record_id,
        source_name,
        min(position) as position
    from {{ ref('stg_docdb__sources') }}
    where source_name != ''
    group by all
),

derivation as (
    select
        asset.record_id,
        asset.name,
        coalesce(source.source_name, '') as source_name,
        source.position as source_position,
        asset.pipeline_name,
        asset.modalities,
        {{ time_at_end_of_name('asset.name') }} as processing_time
    from asset
    left join source on asset.record_id = source.record_id
)

select
    *,
    {{ parse_time_in_name('processing_time') }} as processed_at
from derivation
