-- What was now in the run that first saw a version of an invitation or of AWS's side?
--
-- Definition: one row per first_seen_at in engagement_invitation_history and aws_opportunity_summary_history. as_of is
-- what data_freshness.as_of was for that run: the greatest watermark of the runs that had begun by then.
-- Pitfalls: first_seen_at is by the clock of the machine that ran, as_of is AWS's time. Such a version has no date of
-- AWS, so other views take as_of for it. It is not later than the run, and earlier if little changed in Partner
-- Central. Without any watermark, as_of is first_seen_at.
--
-- Columns:
--   first_seen_at: When the run began that first read the version, by its machine's clock.
--   as_of: Newest LastModifiedDate that AWS had shown by then.
WITH moments AS (
    SELECT started_at AS moment, 0 AS is_version, watermark
    FROM sync_runs
    UNION ALL
    SELECT first_seen_at AS moment, 1 AS is_version, CAST(NULL AS TIMESTAMPTZ) AS watermark
    FROM engagement_invitation_history
    UNION ALL
    SELECT first_seen_at AS moment, 1 AS is_version, CAST(NULL AS TIMESTAMPTZ) AS watermark
    FROM aws_opportunity_summary_history
), known AS (
    SELECT
        moments.moment,
        moments.is_version,
        MAX(moments.watermark) OVER (
            ORDER BY moments.moment, moments.is_version ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS as_of
    FROM moments
)
SELECT
    known.moment AS first_seen_at,
    COALESCE(MAX(known.as_of), known.moment) AS as_of
FROM known
WHERE known.is_version = 1
GROUP BY known.moment
ORDER BY known.moment DESC
