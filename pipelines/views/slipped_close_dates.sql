-- Which deals of the pipeline moved their target close date later, how often and how far?
--
-- Definition: one row per opportunity of the pipeline that is in close_date_slips: its target close date moved later at
-- least once in opportunity_history. days_slipped adds up the moves to a later date. net_days is from the first date
-- seen to the present one.
-- Pitfalls: only what syncs have seen, from the first one on. Two moves between two syncs are one. Versions without a
-- date are ignored. Moves in a closed version do not count, because closing a deal sets its date.
--
-- Columns:
--   id [text]: AWS's identifier of the opportunity. Example: A1.
--   customer_company_name [text]: Company name of the customer. Example: Acme.
--   life_cycle_stage [text]: Stage of the opportunity; null if AWS sent none. Example: Qualified.
--   first_target_close_date [date]: The first target close date that a sync saw. Example: 2026-07-01.
--   life_cycle_target_close_date [date]: The present target close date. Example: 2026-08-15.
--   times_slipped [integer]: How often the date moved later while the deal was open. Example: 2.
--   days_slipped [integer]: Sum of the days of these moves; moves to an earlier date are not subtracted. Example: 45.
--   net_days [integer]: Days from the first date seen to the present one; negative if the present one is earlier.
--     Example: 45.
--   last_slipped_at [timestamp]: LastModifiedDate of the version with the last move to a later date. Example:
--     2026-06-09 08:00 UTC.
--   monthly_spend [text]: Expected spend a month in every currency, as text, for example EUR 500.00, USD 1200.00; null
--     without an amount. Example: EUR 50.00, USD 1200.50.
--   monthly_amount [decimal]: Expected spend a month, if there is exactly one currency; otherwise null. Example: 40.25.
--   currency_code [text]: Currency of monthly_amount, if there is exactly one; otherwise null. Example: USD.
--   reporting_amount [decimal]: Expected spend a month in all currencies, in the reporting currency; null if one
--     has no rate. Example: 40.25.
--   reporting_currency [text]: Reporting currency; null if a currency has no rate. Example: USD.
--   rate_date [date]: Oldest first day of the rates that were used; null where none was needed. Example:
--     2026-06-05.
SELECT
    opportunity_current.id,
    opportunity_current.customer_company_name,
    opportunity_current.life_cycle_stage,
    close_date_slips.first_target_close_date,
    opportunity_current.life_cycle_target_close_date,
    close_date_slips.times_slipped,
    close_date_slips.days_slipped,
    DATE_DIFF('day', close_date_slips.first_target_close_date, opportunity_current.life_cycle_target_close_date)
        AS net_days,
    close_date_slips.last_slipped_at,
    opportunity_current.monthly_spend,
    opportunity_current.monthly_amount,
    opportunity_current.currency_code,
    opportunity_current.reporting_amount,
    opportunity_current.reporting_currency,
    opportunity_current.rate_date
FROM close_date_slips
JOIN opportunity_current ON opportunity_current.id = close_date_slips.id
WHERE opportunity_current.is_pipeline
ORDER BY opportunity_current.reporting_amount DESC NULLS LAST, close_date_slips.days_slipped DESC, close_date_slips.id
