# Read the cache from R with the package duckdb, of a folder or of a bucket.
#
#   Rscript examples/read.R published/data-asset-cache/bdc-v0.50.0
#
# Not run by our tests where R has no package duckdb: Debian has none, CRAN has.

library(duckdb)

folder <- commandArgs(trailingOnly = TRUE)[1]
connection <- dbConnect(duckdb::duckdb())

# A view for every table. They read from the root that they were published to; of a copy, and over
# HTTP, say where it is, before the first query:
root <- dirname(dirname(normalizePath(folder)))
dbExecute(connection, sprintf("set variable biodata_cache_root = '%s'", root))
dbExecute(connection, sprintf("attach '%s/biodata_cache.duckdb' as cache", folder))

# One subject of all metrics: only the parts of the file are read that have it.
metrics <- dbGetQuery(connection, "
  select name, status, value
  from cache.quality_control
  where subject_id = (select min(subject_id) from cache.quality_control)
")
print(head(metrics))

# Failed assets by project.
failed <- dbGetQuery(connection, "
  select assets.project_name, count(*) as assets
  from cache.qc_status
  join cache.assets using (name)
  where qc_status.status = 'Fail'
  group by assets.project_name
  order by assets desc
")
print(failed)

dbDisconnect(connection, shutdown = TRUE)
