-- Grain: one row per asset name with quality control.

with asset as (
    select
        asset.record_id,
        asset.name
    from {{ ref('int_assets_joined') }} as asset
    inner join {{ ref('stg_docdb__section_types') }} as section
        on asset.record_id = section.record_id
    where
        asset.is_current
        and section.quality_control_kind = 'object'
),

curation as (
    select
        record_id,
        count(*) as curation_count
    from {{ ref('int_qc_metrics_latest') }}
    where is_curation
    group by all
),

metric as (
    select * from {{ ref('int_qc_metrics_latest') }}
    where not is_curation
),

summed as (
    select
        record_id,
        count(*) as metric_count,
        count(*) filter (where status = 'Pass') as pass_count,
        count(*) filter (where status = 'Fail') as fail_count,
        -- Who has no readable judgement is still waiting for one.
        count(*) filter (where coalesce(status, '') not in ('Pass', 'Fail')) as pending_count,
        {{ worst_status('status') }} as status,
        max(evaluated_at) as last_evaluated_at
    from metric
    group by all
),

by_modality as (
    select
        record_id,
        modality,
        {{ worst_status('status') }} as status
    from metric
    where modality is not null
    group by all
),

modality_map as (
    select
        record_id,
        map(list(modality order by modality), list(status order by modality)) as statuses
    from by_modality
    group by all
),

by_stage as (
    select
        record_id,
        stage,
        {{ worst_status('status') }} as status
    from metric
    where stage is not null
    group by all
),

stage_map as (
    select
        record_id,
        map(list(stage order by stage), list(status order by stage)) as statuses
    from by_stage
    group by all
),

joined as (
    select
        asset.name,
        summed.status,
        cast(coalesce(summed.metric_count, 0) as integer) as metric_count,
        cast(coalesce(summed.pass_count, 0) as integer) as pass_count,
        cast(coalesce(summed.fail_count, 0) as integer) as fail_count,
        cast(coalesce(summed.pending_count, 0) as integer) as pending_count,
        cast(coalesce(curation.curation_count, 0) as integer) as curation_count,
        summed.last_evaluated_at,
        coalesce(modality_map.statuses, map()) as status_by_modality,
        coalesce(stage_map.statuses, map()) as status_by_stage
    from asset
    left join summed on asset.record_id = summed.record_id
    left join curation on asset.record_id = curation.record_id
    left join modality_map on asset.record_id = modality_map.record_id
    left join stage_map on asset.record_id = stage_map.record_id
)

select * from joined
