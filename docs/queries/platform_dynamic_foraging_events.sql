-- How many events are there of each subject?
select subject_id, count(*) as events
from platform_dynamic_foraging_events
group by subject_id
order by events desc, subject_id;
