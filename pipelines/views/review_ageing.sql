-- What waits in review, on whom, and for how long?
--
-- Definition: one row per opportunity that is open, not gone, and whose review is neither Approved nor Rejected.
-- waiting_on is partner for Pending Submission and Action Required, and AWS for the rest. The column waiting is the age
-- in words.
-- Pitfalls: review fields exist for opportunities that the partner originated. Days count from the change of the status
-- that a sync saw. If days_are_exact is false, they are at least that many. Now is the newest watermark.
SELECT
    id,
    customer_company_name,
    life_cycle_stage,
    life_cycle_review_status,
    CASE WHEN life_cycle_review_status IN ('Pending Submission', 'Action Required') THEN 'partner' ELSE 'AWS' END
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
WHERE is_open AND NOT is_gone AND life_cycle_review_status NOT IN ('Approved', 'Rejected')
