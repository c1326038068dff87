-- Which versions of the upgrader succeeded on how many records?
select
    upgrader_version,
    count(*) filter (where status = 'success') as succeeded,
    count(*) as records
from metadata_upgrade_history
group by upgrader_version
order by upgrader_version;

-- Which records failed with an earlier version and succeed with the last one?
select distinct last_run.name
from metadata_upgrade_history as last_run
inner join metadata_upgrade_history as earlier using (_id)
where last_run.is_last
    and last_run.status = 'success'
    and earlier.status = 'failed'
order by last_run.name;
