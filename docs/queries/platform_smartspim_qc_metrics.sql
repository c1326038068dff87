-- Which images have a standard metric that is not passed yet?
select name, metric_name, channel, status, evaluator
from platform_smartspim_qc_metrics
where coalesce(status, 'Pending') != 'Pass'
order by name, metric_name, channel;

-- How bright is each channel, from one asset to the next?
select name, channel, try_cast(value as double) as brightness
from platform_smartspim_qc_metrics
where metric_name like '% brightness'
order by channel, name;
