-- How many assets of each project pass, fail or wait?
select assets.project_name, qc_status.status, count(*) as assets
from qc_status
inner join assets using (name)
group by assets.project_name, qc_status.status
order by assets.project_name, qc_status.status;

-- Which assets pass only because some of their failures are allowed?
select name, metric_count, allowed_failure_count
from qc_status
where status = 'Pass' and allowed_failure_count > 0
order by name;

-- Which assets of a project have no quality control yet?
select assets.name, assets.project_name, assets.location
from assets
anti join qc_status using (name)
where assets.project_name = 'Patch Foraging'
order by assets.name;
