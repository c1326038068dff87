-- Grain: one row per asset with quality control, by project and by the time since when it could be
-- judged: the end of its processing, else of its acquisition.

with asset as (
    select
        qc_status.name,
        coalesce(assets.project_name, '') as project_name,
        qc_status.status,
        coalesce(
            try_cast(time_to_qc.process_end_time as timestamp with time zone),
            assets.acquisition_end_at,
            assets.acquisition_start_at
        ) as ready_at
    from qc_status
    left join assets on qc_status.name = assets.name
    left join time_to_qc on qc_status.name = time_to_qc.name
)

select
    name,
    project_name,
    status,
    strftime(date_trunc('week', ready_at), '%Y-%m-%d') as ready_week,
    strftime(ready_at, '%Y-%m-%d %H:%M') as ready_at
from asset
order by ready_at desc nulls last, name asc
