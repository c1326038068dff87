-- Which assets fail in one modality only?
select
    name,
    any_value(modality) as modality,
    sum(fail_count) as failed_metrics
from qc_status_by_modality
where status = 'Fail'
group by name
having count(distinct coalesce(modality, '')) = 1
order by name;

-- How far is each modality at each stage?
select modality, stage, status, count(*) as assets
from qc_status_by_modality
group by modality, stage, status
order by modality, stage, status;
