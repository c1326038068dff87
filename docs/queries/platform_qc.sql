-- Which share of the quality-control tags of each platform passes?
select platform, count(distinct asset_name) as assets, count(*) as tags,
    round(100 * count_if(status = 'Pass') / count(*), 1) as percent_passing
from platform_qc
group by platform
order by platform;
