-- In which sessions was dopamine measured in a structure?
select asset_name, fiber, channel, targeted_structure
from platform_fib
where intended_measurement ilike 'dopamine' and targeted_structure is not null
order by asset_name, fiber, channel;
