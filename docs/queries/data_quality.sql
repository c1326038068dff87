-- What is wrong most often, and in which column?
select problem, table_name, column_name, count(*) as found, any_value(value) as example
from data_quality
group by problem, table_name, column_name
order by found desc, table_name, column_name, problem;
