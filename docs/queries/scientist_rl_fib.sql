-- Which structures were recorded with which indicators, in how many mice?
select targeted_structure, indicator, sum(mouse_count) as mice, sum(session_count) as sessions
from scientist_rl_fib
group by targeted_structure, indicator
order by sessions desc, targeted_structure, indicator;
