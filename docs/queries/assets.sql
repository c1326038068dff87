-- How many hours did each project record, by month?
select project_name, strftime(acquisition_start_local, '%Y-%m') as month,
    round(sum(duration_s) / 3600, 1) as hours
from assets
where is_raw and duration_s > 0
group by project_name, month
order by project_name, month;

-- Which raw assets have no derived one yet?
select assets.name, assets.project_name, assets.acquisition_start_at
from assets
anti join asset_lineage on asset_lineage.root_raw_name = assets.name
where assets.is_raw
order by assets.acquisition_start_at desc;
