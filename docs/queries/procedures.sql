-- What was done to a mouse, and when?
select kind, procedure_type, start_date, experimenters_normalized
from procedures
where subject_id = '0451'
order by start_date, kind, procedure_index, part_index;

-- How did the weight of a mouse go over its procedures?
select distinct subject_id, start_date, animal_weight_prior, animal_weight_post, weight_unit
from procedures
where animal_weight_prior is not null
order by subject_id, start_date;

-- Which kinds of procedures are there, and on how many subjects?
select procedure_type, count(distinct subject_id) as subjects
from procedures
group by procedure_type
order by subjects desc, procedure_type;
