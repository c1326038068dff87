-- Which devices were used most, of which kind?
select device_kind, device_name, count(distinct asset_name) as assets
from acquisition_devices
where device_kind is not null
group by device_kind, device_name
order by assets desc, device_kind, device_name;
