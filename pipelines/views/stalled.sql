-- Which open deals has nobody touched for 30 days?
--
-- Definition: open, not gone, and LastModifiedDate at least 30 days before data_freshness.as_of. For another number of
-- days, query opportunity_current: WHERE is_open AND NOT is_gone AND days_unchanged >= 60.
-- Pitfalls: any change counts as a touch, including one that AWS made. Now is the newest watermark, so the deal that
-- changed last is never stalled.
SELECT
    id,
    customer_company_name,
    life_cycle_stage,
    life_cycle_review_status,
    last_modified_date,
    days_unchanged,
    days_in_stage,
    life_cycle_target_close_date,
    life_cycle_next_steps,
    monthly_spend,
    monthly_amount,
    currency_code
FROM opportunity_current
WHERE is_open AND NOT is_gone AND days_unchanged >= 30
