-- Which open deals should have closed already?
--
-- Definition: open, not gone, and the target close date is before the day of data_freshness.as_of.
-- Pitfalls: a deal without a target close date is in no row. Now is the newest watermark, not the clock.
SELECT
    id,
    customer_company_name,
    life_cycle_stage,
    life_cycle_review_status,
    life_cycle_target_close_date,
    -days_to_target_close AS days_overdue,
    days_unchanged,
    life_cycle_next_steps,
    monthly_spend,
    monthly_amount,
    currency_code
FROM opportunity_current
WHERE is_open AND NOT is_gone AND days_to_target_close < 0
