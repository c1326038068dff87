-- Which female mice of a genotype were recorded with fiber photometry?
select subject_id, genotype, date_of_birth, raw_count, last_acquisition_at
from subjects
where sex = 'Female' and genotype like 'Dbh-Cre%' and list_contains(modalities, 'fib')
order by subject_id;

-- How old was each mouse when it was first recorded?
select subject_id, date_diff('day', date_of_birth, cast(first_acquisition_at as date)) as days
from subjects
where first_acquisition_at is not null and date_of_birth is not null
order by days, subject_id;
