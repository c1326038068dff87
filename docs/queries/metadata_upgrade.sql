-- How did the upgrade of the records go, by version of the upgrader?
select upgrader_version, status, count(*) as records
from metadata_upgrade
group by upgrader_version, status
order by upgrader_version, status;
