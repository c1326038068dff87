-- Which subjects are not numbers of six digits?
select subject_id
from unique_subject_ids
where not regexp_full_match(subject_id, '[0-9]{6}')
order by subject_id;
