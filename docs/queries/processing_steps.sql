-- Which assets were processed by a version of a pipeline?
select distinct asset_name, pipeline_name, pipeline_version
from processing_steps
where pipeline_version = '3.0.1'
order by asset_name;

-- How long does each step take?
select process_type, count(*) as runs, round(median(duration_s) / 60, 1) as median_minutes,
    round(max(duration_s) / 60, 1) as longest_minutes
from processing_steps
where duration_s >= 0
group by process_type
order by median_minutes desc, process_type;
