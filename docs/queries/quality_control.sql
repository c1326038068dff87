-- Which metrics of a subject do not pass? Only the file of this subject is read.
select asset_name, stage, name, status, value
from quality_control
where subject_id = '600493' and status in ('Fail', 'Pending')
order by asset_name, metric_index;

-- Which metrics fail most often?
select modality, name, count(*) as judged, count_if(status = 'Fail') as failed
from quality_control
group by modality, name
having failed > 0
order by failed desc, modality, name;
