-- How many assets did each grant pay for?
select funder, grant_number, count(distinct asset_name) as assets
from funding
group by funder, grant_number
order by assets desc, funder, grant_number;
