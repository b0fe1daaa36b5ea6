-- Which deals of the pipeline has nobody touched for 30 days?
--
-- Definition: one row per pipeline opportunity with a LastModifiedDate at least 30 days before data_freshness.as_of.
-- The pipeline is what is open, not gone, and neither rejected nor still to be submitted. For another number of days,
-- query opportunity_current: WHERE is_pipeline AND days_unchanged >= 60.
-- Pitfalls: any change counts as a touch, including one that AWS made. Now is the newest watermark, so the deal that
-- changed last is never stalled.
--
-- Columns:
--   id [text]: AWS's identifier of the opportunity. Example: I9.
--   customer_company_name [text]: Company name of the customer. Example: India.
--   life_cycle_stage [text]: Stage of the opportunity; null if AWS sent none. Example: Negotiation.
--   life_cycle_review_status [text]: AWS's review status of the opportunity. Example: Escalated.
--   review_standing [text]: Where it stands in AWS's review, as in opportunity_current. Example: unknown.
--   is_validated [boolean]: True if AWS approved it. Example: true.
--   last_modified_date [timestamp]: When the opportunity was last changed in AWS. Example: 2026-05-11 09:00 UTC.
--   days_unchanged [integer]: Days from the last change in AWS to data_freshness.as_of. Example: 30.
--   days_in_stage [integer]: Days from the change to the present stage to data_freshness.as_of; at least that many if a
--     sync did not see the change. Example: 30.
--   life_cycle_target_close_date [date]: Day on which the deal is expected to close. Example: 2026-06-01.
--   life_cycle_next_steps [text]: Next steps, as the partner wrote them. Example: Call again.
--   monthly_spend [text]: Expected spend a month in every currency, as text, for example EUR 500.00, USD 1200.00; null
--     without an amount. Example: XXX 5.00.
--   monthly_amount [decimal]: Expected spend a month, if there is exactly one currency; otherwise null. Example: 5.00.
--   currency_code [text]: Currency of monthly_amount, if there is exactly one; otherwise null. Example: XXX.
--   reporting_amount [decimal]: Expected spend a month in all currencies, in the reporting currency; null if one has no
--     rate. Example: 40.25.
--   reporting_currency [text]: Reporting currency; null if a currency has no rate. Example: USD.
--   rate_date [date]: Oldest first day of the rates that were used; null where none was needed. Example: 2026-06-05.
SELECT
    id,
    customer_company_name,
    life_cycle_stage,
    life_cycle_review_status,
    review_standing,
    is_validated,
    last_modified_date,
    days_unchanged,
    days_in_stage,
    life_cycle_target_close_date,
    life_cycle_next_steps,
    monthly_spend,
    monthly_amount,
    currency_code,
    reporting_amount,
    reporting_currency,
    rate_date
FROM opportunity_current
WHERE is_pipeline AND days_unchanged >= 30
ORDER BY reporting_amount DESC NULLS LAST, days_unchanged DESC, id
