-- Why do we lose?
--
-- Definition: one row per reason of opportunities in Closed Lost: how many gave it, and how many of them closed within
-- the 365 days before data_freshness.as_of.
-- Pitfalls: the reason is what the partner chose in Partner Central, and null if none was given. The view counts deals,
-- not money. Opportunities that are gone count too.
--
-- Columns:
--   life_cycle_closed_lost_reason [text]: Reason that the partner chose in Partner Central; null if none was given.
--     Example: Price.
--   opportunities [integer]: Number of opportunities in Closed Lost with this reason. Example: 1.
--   within_a_year [integer]: How many of them closed within the 365 days before data_freshness.as_of. Example: 1.
--   last_closed_on [date]: Day when the last of them closed, as closed_on in opportunity_current. Example: 2026-06-08.
SELECT
    life_cycle_closed_lost_reason,
    COUNT(*) AS opportunities,
    COUNT(CASE WHEN DATE_DIFF('day', closed_on, data_as_of.as_of_date) < 365 THEN 1 END) AS within_a_year,
    MAX(closed_on) AS last_closed_on
FROM opportunity_current
CROSS JOIN data_as_of
WHERE life_cycle_stage = 'Closed Lost'
GROUP BY life_cycle_closed_lost_reason
ORDER BY within_a_year DESC, opportunities DESC, life_cycle_closed_lost_reason
