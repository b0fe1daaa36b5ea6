-- What does AWS want changed before it approves?
--
-- Definition: open opportunities, not gone, whose review status is Action Required, with the reviewer's comments.
-- Pitfalls: AWS writes reason and comments for opportunities that the partner originated. They stay until the
-- opportunity is submitted again.
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
