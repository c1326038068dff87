-- Grain: one row per row of some files that is needed once they are rewritten.
--
-- Parameters: $files, the files of the lake; $rewritten, those that are rewritten; $kept_count and
-- $kept, those that stay; $first and $last, the hash buckets that are wanted.

with version as (
    select
        _id,
        run
    from read_parquet($files, hive_partitioning = false)
    where bucket between $first and $last
),

newest as (
    select
        _id,
        max(run) as run
    from version
    group by _id
),

hidden as (
    select distinct _id
    from read_parquet($kept, hive_partitioning = false)
    where
        bucket between $first and $last
        and $has_kept
)

select rewritten.*
from read_parquet($rewritten, hive_partitioning = false) as rewritten
inner join newest
    on
        rewritten._id = newest._id
        and rewritten.run = newest.run
left join hidden on rewritten._id = hidden._id
where
    rewritten.bucket between $first and $last
    and (not rewritten.is_deleted or hidden._id is not null)
