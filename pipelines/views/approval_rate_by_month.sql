-- How many opportunities does AWS approve, and how long does that take?
--
-- Definition: one row per calendar month of what happened in review, from review_periods. The column submitted counts
-- opportunities that came into review, again after a correction too. approved, rejected and action_required count AWS's
-- answers. approval_rate_percent = 100 * approved / (approved + rejected). Days to approval are those from the first
-- time in review to an approval, between UTC dates. The row without a month has what began in a month that no sync saw:
-- mostly what the first sync found.
-- Pitfalls: within a month, each opportunity counts once in each column. Approvals answer submissions of earlier
-- months, so no row is a share of its submissions. Days are counted only if the days of both submission and approval
-- are known, so the median is of median_of approvals. A status that began and ended between two syncs is missing.
--
-- Columns:
--   month_start: First day of the month; null for what began in a month that no sync saw.
--   submitted: Number of opportunities that came into review.
--   approved: Number of opportunities that AWS approved.
--   rejected: Number of opportunities that AWS rejected or disqualified.
--   action_required: Number of opportunities that AWS sent back for a correction.
--   approval_rate_percent: 100 * approved / (approved + rejected), rounded to one decimal; null without an answer.
--   median_of: Number of approvals of the month with known days.
--   median_days_to_approval: Median of these days, rounded to one decimal; null if there are none.
WITH entries AS (
    SELECT
        id,
        period_number,
        review_standing,
        LAG(review_standing) OVER (PARTITION BY id ORDER BY period_number) AS previous_standing,
        CAST(entered_not_before AT TIME ZONE 'UTC' AS DATE) AS earliest_on,
        CAST(entered_not_after AT TIME ZONE 'UTC' AS DATE) AS latest_on
    FROM review_periods
), first_reviews AS (
    SELECT id, MIN(period_number) AS period_number
    FROM entries
    WHERE review_standing = 'in review'
    GROUP BY id
), dated AS (
    SELECT
        entries.id,
        entries.review_standing,
        CASE
            WHEN CAST(DATE_TRUNC('month', CAST(entries.earliest_on AS DATE)) AS DATE)
                = CAST(DATE_TRUNC('month', CAST(entries.latest_on AS DATE)) AS DATE)
                THEN CAST(DATE_TRUNC('month', CAST(entries.latest_on AS DATE)) AS DATE)
        END AS month_start,
        CASE
            WHEN entries.review_standing = 'approved'
                AND entries.earliest_on = entries.latest_on
                AND submissions.earliest_on = submissions.latest_on
                THEN DATE_DIFF('day', submissions.latest_on, entries.latest_on)
        END AS days_to_approval
    FROM entries
    LEFT JOIN first_reviews
        ON first_reviews.id = entries.id AND first_reviews.period_number < entries.period_number
    LEFT JOIN entries AS submissions
        ON submissions.id = first_reviews.id AND submissions.period_number = first_reviews.period_number
    WHERE entries.review_standing IS DISTINCT FROM entries.previous_standing
), placed AS (
    SELECT
        id,
        review_standing,
        month_start,
        days_to_approval,
        ROW_NUMBER() OVER (
            PARTITION BY month_start, CASE WHEN days_to_approval IS NULL THEN 0 ELSE 1 END ORDER BY days_to_approval
        ) AS place,
        COUNT(days_to_approval) OVER (PARTITION BY month_start) AS approvals
    FROM dated
), counted AS (
    SELECT
        month_start,
        COUNT(DISTINCT CASE WHEN review_standing = 'in review' THEN id END) AS submitted,
        COUNT(DISTINCT CASE WHEN review_standing = 'approved' THEN id END) AS approved,
        COUNT(DISTINCT CASE WHEN review_standing = 'rejected' THEN id END) AS rejected,
        COUNT(DISTINCT CASE WHEN review_standing = 'action required' THEN id END) AS action_required,
        COUNT(days_to_approval) AS median_of,
        AVG(CASE WHEN 2 * place BETWEEN approvals AND approvals + 2 THEN days_to_approval END) AS median_days
    FROM placed
    GROUP BY month_start
)
SELECT
    month_start,
    submitted,
    approved,
    rejected,
    action_required,
    ROUND(CAST(100.0 * approved / NULLIF(approved + rejected, 0) AS DECIMAL(18, 9)), 1) AS approval_rate_percent,
    median_of,
    ROUND(CAST(median_days AS DECIMAL(18, 9)), 1) AS median_days_to_approval
FROM counted
WHERE submitted + approved + rejected + action_required > 0
ORDER BY month_start DESC NULLS LAST
