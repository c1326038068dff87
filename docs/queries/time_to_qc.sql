-- How long does quality control take, by year, and how much of it waits?
select year(process_end_time::timestamptz) as year, count(*) as assets,
    count_if(is_pending) as pending, round(median(days_to_qc), 1) as median_days
from time_to_qc
where process_end_time is not null
group by year
order by year;
