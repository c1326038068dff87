-- Which versions of the upgrader succeeded on how many records?
select
    upgrader_version,
    count(*) filter (where status = 'success') as succeeded,
    count(*) as records
from metadata_upgrade_history
group by upgrader_version
order by upgrader_version;

-- Which projects have records that the last run failed on?
select project_name, upgrader_version, count(*) as failed
from metadata_upgrade_history
where is_last_run and status = 'failed'
group by project_name, upgrader_version
order by failed desc, project_name, upgrader_version;
