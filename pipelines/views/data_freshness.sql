-- Data as of when? And how did the last sync go?
--
-- Definition: one row, also for an empty account. as_of is the newest LastModifiedDate that AWS has shown, in UTC: the
-- greatest watermark of all runs, or else the newest last_modified_date. Every other view counts its days up to it.
-- Pitfalls: as_of is AWS's time, never the clock of a machine. A wrong clock cannot make deals older or younger. It
-- does not move while nothing changes in Partner Central, and no age changes then. last_success_at, by the clock of the
-- machine that ran, shows whether syncs still run. A run that only held removals back counts as a success. The column
-- rejected counts records that cannot be rows now. The column outdated counts opportunities whose row is older than the
-- version that AWS has, because that version was rejected. rejected_since in opportunity_current marks them.
--
-- Columns:
--   as_of: Newest LastModifiedDate that AWS has shown; null if there is none yet.
--   as_of_date: The day of as_of in UTC. Every other view counts its days up to it.
--   last_success_at: When the last successful run ended, by the clock of the machine that ran. Holding removals back is
--     a success.
--   last_run_at: When the last run began, by the clock of the machine that ran.
--   last_run_outcome: How the last run ended, as outcome in sync_runs.
--   last_change_seen_at: When a sync first saw the newest version in opportunity_history.
--   history_since: When a sync first saw the oldest version in opportunity_history.
--   opportunities: Number of opportunities, including the ones that are gone.
--   gone: Number of opportunities that the newest full listing lacks.
--   rejected: Number of records that cannot be rows now: see opportunities_rejected.
--   outdated: Number of opportunities whose row is older than AWS's version, because that version was rejected.
WITH runs AS (
    SELECT
        started_at,
        finished_at,
        outcome,
        exit_code,
        ROW_NUMBER() OVER (ORDER BY started_at DESC, run_id DESC) AS newest_first
    FROM sync_runs
), moments AS (
    SELECT
        COALESCE(
            (SELECT MAX(watermark) FROM sync_runs),
            (SELECT MAX(last_modified_date) FROM opportunities)
        ) AS as_of
)
SELECT
    moments.as_of,
    CAST(moments.as_of AT TIME ZONE 'UTC' AS DATE) AS as_of_date,
    (SELECT MAX(finished_at) FROM runs WHERE exit_code IN (0, 6)) AS last_success_at,
    (SELECT MAX(started_at) FROM runs) AS last_run_at,
    (SELECT MAX(outcome) FROM runs WHERE newest_first = 1) AS last_run_outcome,
    (SELECT MAX(first_seen_at) FROM opportunity_history) AS last_change_seen_at,
    (SELECT MIN(first_seen_at) FROM opportunity_history) AS history_since,
    (SELECT COUNT(*) FROM opportunities) AS opportunities,
    (SELECT COUNT(*) FROM opportunity_presence WHERE gone_since IS NOT NULL) AS gone,
    (SELECT COUNT(*) FROM opportunities_rejected) AS rejected,
    (SELECT COUNT(*) FROM opportunity_standing WHERE rejected_since IS NOT NULL) AS outdated
FROM moments
