-- How well did each animal do, on average?
select subject_id, count(*) as sessions, round(avg(foraging_eff), 2) as foraging_eff
from platform_dynamic_foraging_sessions
where foraging_eff is not null
group by subject_id
order by subject_id;
