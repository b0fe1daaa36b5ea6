-- Which open deals should have closed already?
--
-- Definition: open, not gone, and the target close date is before the day of data_freshness.as_of.
-- Pitfalls: a deal without a target close date is in no row. Now is the newest watermark, not the clock.
--
-- Columns:
--   id: AWS's identifier of the opportunity.
--   customer_company_name: Company name of the customer.
--   life_cycle_stage: Stage of the opportunity; null if AWS sent none.
--   life_cycle_review_status: AWS's review status of the opportunity.
--   life_cycle_target_close_date: Day on which the deal is expected to close.
--   days_overdue: Days from the target close date to data_freshness.as_of.
--   days_unchanged: Days from the last change in AWS to data_freshness.as_of.
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
    life_cycle_target_close_date,
    -days_to_target_close AS days_overdue,
    days_unchanged,
    life_cycle_next_steps,
    monthly_spend,
    monthly_amount,
    currency_code
FROM opportunity_current
WHERE is_open AND NOT is_gone AND days_to_target_close < 0
