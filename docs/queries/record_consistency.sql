-- Which checks do records fail, and how many?
select "check", count(*) as records, any_value(detail) as example
from record_consistency
group by "check"
order by records desc, "check";
-- Which sessions may have their clock in the wrong zone?
select name, detail
from record_consistency
where "check" in ('start_zone_doubtful', 'start_differs_from_name')
order by name, "check";
-- Which assets name another subject than their record?
select name, detail
from record_consistency
where "check" = 'subject_differs'
order by name, detail;
