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

counts as (
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

asset_status as (
    select
        asset.name,
        {{ worst_status('counts') }} as status,
        coalesce(counts.metric_count, 0) as metric_count,
        coalesce(counts.pass_count, 0) as pass_count,
        coalesce(counts.fail_count, 0) as fail_count,
        coalesce(counts.pending_count, 0) as pending_count,
        coalesce(counts.curation_count, 0) as curation_count,
        coalesce(counts.allowed_failure_count, 0) as allowed_failure_count,
        counts.last_evaluated_at
    from asset
    left join counts on asset.record_id = counts.record_id
)

select * from asset_status
