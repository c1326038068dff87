-- How many trials are there of each subject?
select subject_id, count(*) as trials
from platform_dynamic_foraging_trials
group by subject_id
order by trials desc, subject_id;
