-- Grain: one row per row of the newest version of each live record, in the columns of today.
--
-- Older versions of this package ordered runs by time, had another hash bucket, and no list of
-- files. Parameter: $files, the files of such a lake.

with version as (
    select
        _id,
        is_deleted,
        extracted_at
    from read_parquet($files, hive_partitioning = false)
),

run as (
    select
        extracted_at,
        row_number() over (order by extracted_at) as run
    from version
    group by extracted_at
),

newest as (
    select
        _id,
        max(extracted_at) as extracted_at
    from version
    group by _id
)

select
    lake.* replace (
        cast(strpos('0123456789abcdef', md5(lake._id)[1]) - 1 as utinyint) as bucket
    ),
    run.run
from read_parquet($files, hive_partitioning = false) as lake
inner join newest
    on
        lake._id = newest._id
        and lake.extracted_at = newest.extracted_at
inner join run on lake.extracted_at = run.extracted_at
where not lake.is_deleted
