-- Which projects have foraging in their names?
select project_name
from unique_project_names
where project_name ilike '%foraging%'
order by project_name;
