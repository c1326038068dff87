-- Which versions of the upgrader succeeded on how many records?
select
    upgrader_version,
    count(*) filter (where status = 'success') as succeeded,
    count(*) as records
from metadata_upgrade_history
group by upgrader_version
order by upgrader_version;

-- Which records failed with an earlier version and succeed with the last one?
select name
from metadata_upgrade_history
group by all
having bool_or(status = 'failed') and bool_or(is_last_run and status = 'success')
order by name;
