-- Grain: one row per listed file: its rows, and how many of them are needed.
--
-- A row is needed if it is of the newest version of its record. A tombstone is needed while a file
-- that stays holds an older version; which files stay is not known yet, so that all count here.
--
-- Parameter: $files, the files of the lake.

with version as (
    select
        _id,
        run,
        parse_filename(filename) as file
    from read_parquet($files, hive_partitioning = false, filename = true)
),

newest as (
    select
        _id,
        max(run) as run
    from version
    group by _id
)

select
    version.file,
    count(*) as row_count,
    count(*) filter (where version.run = newest.run) as needed_count
from version
inner join newest on version._id = newest._id
group by version.file
