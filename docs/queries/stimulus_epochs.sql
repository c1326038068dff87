-- How did each subject do at each stage of its training?
select subject_id, stage, count(distinct asset_name) as sessions, sum(trials_finished) as finished,
    round(sum(trials_rewarded) / sum(trials_finished), 3) as rewarded
from stimulus_epochs
where stage is not null
group by subject_id, stage
order by subject_id, min(start_at);

-- Which version of which task was run how often?
select code_url, code_version, count(*) as epochs, min(start_at) as first_at, max(start_at) as last_at
from stimulus_epochs
where code_url != ''
group by code_url, code_version
order by code_url, first_at;
