-- Grain: one row per live record and content of its newest version.
--
-- The newest version of a record is what the highest run wrote of it: several rows where its source
-- held several documents with one _id, none where the row is a tombstone.
--
-- `lake_row` is the lake, of which `State` makes a view.

create table live as
with version as (
    select
        _id,
        run,
        content_hash,
        _last_modified,
        is_deleted
    from lake_row
),

newest as (
    select
        _id,
        max(run) as run
    from version
    group by _id
)

select
    version._id,
    version.run,
    version.content_hash,
    max(version._last_modified) as last_modified
from version
inner join newest
    on
        version._id = newest._id
        and version.run = newest.run
where not version.is_deleted
group by
    version._id,
    version.run,
    version.content_hash
