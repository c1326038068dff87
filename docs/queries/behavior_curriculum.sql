-- In which stage of their curriculum were the animals of each session?
select curriculum_name, stage_name, count(*) as sessions
from behavior_curriculum
where curriculum_name is not null
group by curriculum_name, stage_name
order by sessions desc, curriculum_name, stage_name;
