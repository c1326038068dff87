-- Grain: one row per day from 2000 to 2049.

-- MetricFlow counts by day, month or year along it.
select cast(unnest(generate_series(date '2000-01-01', date '2049-12-31', interval 1 day)) as date)
    as day
