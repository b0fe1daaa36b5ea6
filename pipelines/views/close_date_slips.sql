-- How often did the target close date of each opportunity move later, and how far?
--
-- Definition: one row per opportunity whose target close date moved later at least once in opportunity_history,
-- whatever became of it. days_slipped adds up the moves to a later date. slipped_close_dates has the ones that are
-- pipeline.
-- Pitfalls: only what syncs have seen, from the first one on. Two moves between two syncs are one. Versions without a
-- date are ignored. Moves in a closed version do not count, because closing a deal sets its date.
--
-- Columns:
--   id [text]: AWS's identifier of the opportunity. Example: A1.
--   first_target_close_date [date]: The first target close date that a sync saw. Example: 2026-07-01.
--   times_slipped [integer]: How often the date moved later while the deal was open. Example: 2.
--   days_slipped [integer]: Sum of the days of these moves; moves to an earlier date are not subtracted. Example: 45.
--   last_slipped_at [timestamp]: LastModifiedDate of the version with the last move to a later date. Example:
--     2026-06-09 08:00 UTC.
WITH dates AS (
    SELECT
        id,
        life_cycle_stage,
        life_cycle_target_close_date AS target,
        last_modified_date,
        LAG(life_cycle_target_close_date) OVER (
            PARTITION BY id ORDER BY last_modified_date, read_order
        ) AS previous_target,
        FIRST_VALUE(life_cycle_target_close_date) OVER (
            PARTITION BY id ORDER BY last_modified_date, read_order
        ) AS first_target
    FROM opportunity_history
    WHERE life_cycle_target_close_date IS NOT NULL
)
SELECT
    dates.id,
    MAX(dates.first_target) AS first_target_close_date,
    COUNT(*) AS times_slipped,
    CAST(SUM(DATE_DIFF('day', dates.previous_target, dates.target)) AS BIGINT) AS days_slipped,
    MAX(dates.last_modified_date) AS last_slipped_at
FROM dates
LEFT JOIN life_cycle_stages ON life_cycle_stages.life_cycle_stage = dates.life_cycle_stage
WHERE dates.target > dates.previous_target AND NOT COALESCE(life_cycle_stages.is_closed, FALSE)
GROUP BY dates.id
ORDER BY days_slipped DESC, dates.id
