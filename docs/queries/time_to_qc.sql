-- How long does quality control take, by year, and how much of it waits?
select year(process_end_time::timestamptz) as year, count(*) as assets,
    count_if(is_pending) as pending, round(median(days_to_qc), 1) as median_days
from time_to_qc
where process_end_time is not null
group by year
order by year;

-- How many days is it from a session to its quality control, on each platform?
select asset.platform, count(*) as assets,
    round(median(date_diff('second', sessions.end_at, time_to_qc.qc_completed_at)) / 86400, 1) as days
from time_to_qc
inner join (select name, unnest(platforms) as platform from assets) as asset
    on asset.name = time_to_qc.name
inner join asset_lineage on asset_lineage.name = time_to_qc.name
inner join sessions on sessions.asset_name = asset_lineage.root_raw_name
where time_to_qc.qc_completed_at is not null
group by asset.platform
order by days, asset.platform;
