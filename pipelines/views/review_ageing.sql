-- What waits in review, on whom, and for how long?
--
-- Definition: one row per opportunity that is open, not gone, and whose review is not over: it has a review status, and
-- is neither approved nor rejected or disqualified. waiting_on is partner for Pending Submission and Action Required,
-- and AWS for the rest. The column waiting is the age in words. is_pipeline is false for what is still to be submitted.
-- Pitfalls: review fields exist for opportunities that the partner originated. Days count from the change of the status
-- that a sync saw. If days_are_exact is false, they are at least that many. Now is the newest watermark.
--
-- Columns:
--   id [text]: AWS's identifier of the opportunity. Example: A1.
--   customer_company_name [text]: Company name of the customer. Example: Acme.
--   life_cycle_stage [text]: Stage of the opportunity; null if AWS sent none. Example: Qualified.
--   life_cycle_review_status [text]: AWS's review status of the opportunity. Example: In review.
--   is_pipeline [boolean]: True if it is pipeline; false if it is still to be submitted. Example: true.
--   waiting_on [text]: Who has to act: partner for Pending Submission and Action Required, and AWS for the rest.
--     Example: AWS.
--   waiting_since [timestamp]: When the present review status began: LastModifiedDate of the first version with it that
--     was seen. Example: 2026-06-06 08:00 UTC.
--   days_are_exact [boolean]: True if a sync saw the status change; if false, days_waiting is the least it can be.
--     Example: true.
--   days_waiting [integer]: Days from waiting_since to data_freshness.as_of. Example: 4.
--   waiting [text]: days_waiting in words: up to 7 days, 8 to 14 days, 15 to 30 days, or over 30 days. Example: up to 7
--     days.
--   monthly_spend [text]: Expected spend a month in every currency, as text, for example EUR 500.00, USD 1200.00; null
--     without an amount. Example: EUR 50.00, USD 1200.50.
SELECT
    id,
    customer_company_name,
    life_cycle_stage,
    life_cycle_review_status,
    is_pipeline,
    CASE WHEN review_standing IN ('not submitted', 'action required') THEN 'partner' ELSE 'AWS' END
        AS waiting_on,
    review_since AS waiting_since,
    review_since_is_seen AS days_are_exact,
    days_in_review_status AS days_waiting,
    CASE
        WHEN days_in_review_status <= 7 THEN 'up to 7 days'
        WHEN days_in_review_status <= 14 THEN '8 to 14 days'
        WHEN days_in_review_status <= 30 THEN '15 to 30 days'
        ELSE 'over 30 days'
    END AS waiting,
    monthly_spend
FROM opportunity_current
WHERE
    is_open
    AND NOT is_gone
    AND life_cycle_review_status IS NOT NULL
    AND review_standing NOT IN ('approved', 'rejected')
ORDER BY days_waiting DESC NULLS LAST, id
