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

summed as (
    select
        record_id,
        cast(sum(metric_count) as integer) as metric_count,
        cast(sum(pass_count) as integer) as pass_count,
        cast(sum(fail_count) as integer) as fail_count,
        cast(sum(pending_count) as integer) as pending_count,
        cast(sum(curation_count) as integer) as curation_count,
        cast(sum(allowed_failure_count) as integer) as allowed_failure_count,
        max(last_evaluated_at) as last_evaluated_at
    from {{ ref('int_qc_counts') }}
    group by all
),

joined as (
    select
        asset.name,
        {{ worst_status('summed') }} as status,
        coalesce(summed.metric_count, 0) as metric_count,
        coalesce(summed.pass_count, 0) as pass_count,
        coalesce(summed.fail_count, 0) as fail_count,
        coalesce(summed.pending_count, 0) as pending_count,
        coalesce(summed.curation_count, 0) as curation_count,
        coalesce(summed.allowed_failure_count, 0) as allowed_failure_count,
        summed.last_evaluated_at
    from asset
    left join summed on asset.record_id = summed.record_id
)

select * from joined
