-- Which raw assets of a subject are there, the newest first?
select name, modalities, acquisition_start_time, age
from asset_basics
where subject_id = '600493' and data_level = 'raw'
order by acquisition_start_time::timestamptz desc;

-- How many assets does each modality have?
select modality, count(*) as assets
from asset_basics, unnest(modalities) as listed(modality)
group by modality
order by assets desc, modality;
