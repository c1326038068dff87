-- Which checks do records fail, and how many?
select "check", count(*) as records, any_value(detail) as example
from record_consistency
group by "check"
order by records desc, "check";
