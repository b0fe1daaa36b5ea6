-- Which open deals has nobody touched for 30 days?
--
-- Definition: open, not gone, and LastModifiedDate at least 30 days before data_freshness.as_of. For another number of
-- days, query opportunity_current: WHERE is_open AND NOT is_gone AND days_unchanged >= 60.
-- Pitfalls: any change counts as a touch, including one that AWS made. Now is the newest watermark, so the deal that
-- changed last is never stalled.
--
-- Columns:
--   id: AWS's identifier of the opportunity.
--   customer_company_name: Company name of the customer.
--   life_cycle_stage: Stage of the opportunity; null if AWS sent none.
--   life_cycle_review_status: AWS's review status of the opportunity.
--   last_modified_date: When the opportunity was last changed in AWS.
--   days_unchanged: Days from the last change in AWS to data_freshness.as_of.
--   days_in_stage: Days from the change to the present stage to data_freshness.as_of; at least that many if a sync did
--     not see the change.
--   life_cycle_target_close_date: Day on which the deal is expected to close.
--   life_cycle_next_steps: Next steps, as the partner wrote them.
--   monthly_spend: Expected spend a month in every currency, as text, for example EUR 500.00, USD 1200.00; null without
--     an amount.
--   monthly_amount: Expected spend a month, if there is exactly one currency; otherwise null.
--   currency_code: Currency of monthly_amount, if there is exactly one; otherwise null.
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
