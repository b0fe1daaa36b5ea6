-- How many opportunities were created, submitted, approved, launched and lost, month by month?
--
-- Definition: one row per calendar month in which an opportunity reached one of opportunity_milestones. Each counts
-- once in each column. The column undated counts launches and losses that were there at the first sync. Their day is an
-- estimate (see closed_on in opportunity_current). The row without a month counts submissions and approvals in a month
-- that no sync saw.
-- Pitfalls: the columns count different opportunities, so no row is a funnel: see stage_conversion. Every opportunity
-- counts, even if it is gone now. Submissions and approvals before the first sync are in the row without a month,
-- unless the opportunity was created in the month of that sync. A deal that was launched or lost and is open again does
-- not count as such. For amounts, see created_submitted_launched_by_month_and_currency.
--
-- Columns:
--   month_start: First day of the month; null for submissions and approvals in a month that no sync saw.
--   created: Number of opportunities that were created in AWS in the month.
--   submitted: Number of opportunities that came into review for the first time.
--   approved: Number of opportunities that AWS approved for the first time.
--   launched: Number of opportunities in Launched that closed in the month.
--   lost: Number of opportunities in Closed Lost that closed in the month.
--   undated: How many of the launched and lost ones were closed already at the first sync, so that their day is an
--     estimate.
WITH dated AS (
    SELECT
        milestone,
        is_exact,
        CASE
            WHEN CAST(DATE_TRUNC('month', CAST(earliest_on AS DATE)) AS DATE)
                = CAST(DATE_TRUNC('month', CAST(reached_on AS DATE)) AS DATE)
                THEN CAST(DATE_TRUNC('month', CAST(reached_on AS DATE)) AS DATE)
        END AS month_start
    FROM opportunity_milestones
)
SELECT
    month_start,
    COUNT(CASE WHEN milestone = 'created' THEN 1 END) AS created,
    COUNT(CASE WHEN milestone = 'submitted' THEN 1 END) AS submitted,
    COUNT(CASE WHEN milestone = 'approved' THEN 1 END) AS approved,
    COUNT(CASE WHEN milestone = 'launched' THEN 1 END) AS launched,
    COUNT(CASE WHEN milestone = 'lost' THEN 1 END) AS lost,
    COUNT(CASE WHEN milestone IN ('launched', 'lost') AND NOT is_exact THEN 1 END) AS undated
FROM dated
GROUP BY month_start
ORDER BY month_start DESC NULLS LAST
