-- Which resources did a step of a pipeline use? No table has them: the record does.
select name, processing ->> '$.data_processes[0].name' as step,
    processing -> '$.data_processes[0].output_parameters' as output
from records
where json_array_length(processing, '$.data_processes') > 0
order by name;
