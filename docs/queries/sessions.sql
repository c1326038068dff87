-- Which sessions of a rig finished more than 300 trials, in its last month?
select asset_name, subject_id, start_at, trials_finished
from sessions
where instrument_id = 'FIP_Rig3' and trials_finished > 300
    and start_at > (select max(start_at) from sessions where instrument_id = 'FIP_Rig3') - interval 1 month
order by start_at;

-- How many sessions does each rig run per week?
select instrument_id_normalized as rig, date_trunc('week', start_at) as week, count(*) as sessions
from sessions
where start_at is not null
group by rig, week
order by week, rig;

-- How does the weight of a mouse develop?
select subject_id, start_at, animal_weight_post, weight_unit
from sessions
where animal_weight_post is not null
order by subject_id, start_at;

-- What is the newest processed asset of each session, and where?
select sessions.asset_name, assets.name as processed, assets.location
from sessions
inner join asset_lineage on asset_lineage.root_raw_name = sessions.asset_name
inner join assets on assets.name = asset_lineage.name
qualify row_number() over (
    partition by sessions.asset_name order by processed_at desc nulls last, assets.name desc
) = 1
order by sessions.asset_name;
