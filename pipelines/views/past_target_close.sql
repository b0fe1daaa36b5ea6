-- Which deals of the pipeline should have closed already?
--
-- Definition: one row per pipeline opportunity whose target close date is before the day of data_freshness.as_of. The
-- pipeline is what is open, not gone, and neither rejected nor still to be submitted.
-- Pitfalls: a deal without a target close date is in no row. Now is the newest watermark, not the clock. What is open
-- and no pipeline is in opportunity_current: WHERE is_open AND NOT is_gone AND NOT is_pipeline.
--
-- Columns:
--   id [text]: AWS's identifier of the opportunity. Example: B2.
--   customer_company_name [text]: Company name of the customer. Example: Bolt.
--   life_cycle_stage [text]: Stage of the opportunity; null if AWS sent none. Example: Committed.
--   life_cycle_review_status [text]: AWS's review status of the opportunity. Example: Approved.
--   review_standing [text]: Where it stands in AWS's review, as in opportunity_current. Example: approved.
--   is_validated [boolean]: True if AWS approved it. Example: true.
--   life_cycle_target_close_date [date]: Day on which the deal is expected to close. Example: 2026-06-01.
--   days_overdue [integer]: Days from the target close date to data_freshness.as_of. Example: 9.
--   days_unchanged [integer]: Days from the last change in AWS to data_freshness.as_of. Example: 70.
--   life_cycle_next_steps [text]: Next steps, as the partner wrote them. Example: Call again.
--   monthly_spend [text]: Expected spend a month in every currency, as text, for example EUR 500.00, USD 1200.00; null
--     without an amount. Example: USD 1200.50.
--   monthly_amount [decimal]: Expected spend a month, if there is exactly one currency; otherwise null. Example:
--     1200.50.
--   currency_code [text]: Currency of monthly_amount, if there is exactly one; otherwise null. Example: USD.
--   reporting_amount [decimal]: Expected spend a month in all currencies, in the reporting currency; null if one
--     has no rate. Example: 40.25.
--   reporting_currency [text]: Reporting currency; null if a currency has no rate. Example: USD.
--   rate_date [date]: Oldest first day of the rates that were used; null where none was needed. Example:
--     2026-06-05.
SELECT
    id,
    customer_company_name,
    life_cycle_stage,
    life_cycle_review_status,
    review_standing,
    is_validated,
    life_cycle_target_close_date,
    -days_to_target_close AS days_overdue,
    days_unchanged,
    life_cycle_next_steps,
    monthly_spend,
    monthly_amount,
    currency_code,
    reporting_amount,
    reporting_currency,
    rate_date
FROM opportunity_current
WHERE is_pipeline AND days_to_target_close < 0
ORDER BY reporting_amount DESC NULLS LAST, days_overdue DESC, id
