-- What was derived from each raw asset, and by which pipeline, counting only the newest of each?
select root_raw_name, name, pipeline_name, processed_at
from asset_lineage
where is_latest
order by root_raw_name, processed_at desc;

-- How many steps away from their raw assets are derived assets?
select depth, count(distinct name) as assets
from asset_lineage
group by depth
order by depth;
