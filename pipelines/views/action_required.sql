-- What does AWS want changed before it approves?
--
-- Definition: open opportunities, not gone, whose review status is Action Required, with the reviewer's comments.
-- Pitfalls: AWS writes reason and comments for opportunities that the partner originated. They stay until the
-- opportunity is submitted again.
--
-- Columns:
--   id: AWS's identifier of the opportunity.
--   customer_company_name: Company name of the customer.
--   life_cycle_stage: Stage of the opportunity; null if AWS sent none.
--   life_cycle_review_status_reason: Reason that AWS gave for the review status.
--   life_cycle_review_comments: What AWS's reviewer wants to be changed or added.
--   life_cycle_next_steps: Next steps, as the partner wrote them.
--   life_cycle_target_close_date: Day on which the deal is expected to close.
--   days_waiting: Days since the review status became Action Required.
--   days_are_exact: True if a sync saw the status change; if false, days_waiting is the least it can be.
--   monthly_spend: Expected spend a month in every currency, as text, for example EUR 500.00, USD 1200.00; null without
--     an amount.
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
WHERE is_open AND NOT is_gone AND life_cycle_review_status = 'Action Required'
