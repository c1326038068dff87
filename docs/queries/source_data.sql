-- Which pipelines ran how often, and when last?
select pipeline_name, count(distinct name) as assets, max(processing_time) as last
from source_data
where pipeline_name != ''
group by pipeline_name
order by assets desc, pipeline_name;
