-- What does AWS want changed before it approves?
--
-- Definition: one row per pipeline opportunity whose review status is Action Required, with the reviewer's comments.
-- Pitfalls: AWS writes reason and comments for opportunities that the partner originated. They stay until the
-- opportunity is submitted again.
--
-- Columns:
--   id [text]: AWS's identifier of the opportunity. Example: H8.
--   customer_company_name [text]: Company name of the customer. Example: Hotel.
--   life_cycle_stage [text]: Stage of the opportunity; null if AWS sent none. Example: Technical Validation.
--   life_cycle_review_status_reason [text]: Reason that AWS gave for the review status. Example: Incomplete
--     information.
--   life_cycle_review_comments [text]: What AWS's reviewer wants to be changed or added. Example: Which
--     <b>problem</b>?.
--   life_cycle_next_steps [text]: Next steps, as the partner wrote them. Example: Send the proposal.
--   life_cycle_target_close_date [date]: Day on which the deal is expected to close. Example: 2026-06-30.
--   days_waiting [integer]: Days since the review status became Action Required. Example: 7.
--   days_are_exact [boolean]: True if a sync saw the status change; if false, days_waiting is the least it can be.
--     Example: true.
--   monthly_spend [text]: Expected spend a month in every currency, as text, for example EUR 500.00, USD 1200.00; null
--     without an amount. Example: 1.00.
SELECT
    id,
    customer_company_name,
    life_cycle_stage,
    life_cycle_review_status_reason,
    life_cycle_review_comments,
    life_cycle_next_steps,
    life_cycle_target_close_date,
    days_in_review_status AS days_waiting,
    review_since_is_seen AS days_are_exact,
    monthly_spend
FROM opportunity_current
WHERE is_pipeline AND review_standing = 'action required'
ORDER BY days_waiting DESC NULLS LAST, id
