-- Which images can be looked at, and where?
select raw_name, processed, coalesce(fused_link, raw_link) as link
from platform_exaspim
where coalesce(fused_link, raw_link) is not null
order by raw_name desc;
