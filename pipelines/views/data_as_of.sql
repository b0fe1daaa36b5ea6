-- Up to when do the other views count?
--
-- Definition: one row. as_of is the newest LastModifiedDate that AWS has shown, in UTC: the greatest watermark of all
-- runs, or else the newest last_modified_date. It is the as_of of opportunities in data_freshness.
-- Pitfalls: it is AWS's time, never the clock of a machine. It does not move while nothing changes in Partner Central.
--
-- Columns:
--   as_of [timestamp]: Newest LastModifiedDate that AWS has shown; null if there is none yet. Example: 2026-06-10 12:00
--     UTC.
--   as_of_date [date]: The day of as_of in UTC. Example: 2026-06-10.
WITH known AS (
    SELECT COALESCE(
        (SELECT MAX(watermark) FROM sync_runs),
        (SELECT MAX(last_modified_date) FROM opportunities)
    ) AS as_of
)
SELECT
    as_of,
    CAST(as_of AT TIME ZONE 'UTC' AS DATE) AS as_of_date
FROM known
