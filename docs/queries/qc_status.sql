-- How many assets of each project pass, fail or wait?
select assets.project_name, qc_status.status, count(*) as assets
from qc_status
inner join assets using (name)
group by assets.project_name, qc_status.status
order by assets.project_name, qc_status.status;

-- Which assets fail in one modality only?
select name, metric_count, fail_count, status_by_modality
from qc_status
where status = 'Fail' and len(list_filter(map_values(status_by_modality), lambda each: each = 'Fail')) = 1
order by name;
