-- When should the deals of the pipeline close, and what may they bring a month from then on?
--
-- Definition: one row per month of the target close date and per currency, of opportunities that are pipeline: open,
-- not gone, and neither rejected nor still to be submitted. is_past marks months that end before data_freshness.as_of.
-- validated_amount is the part that AWS approved.
-- Pitfalls: amounts are for one month, not weighted by stage, and must not be added across currencies.
-- target_close_month is null for deals without a date. Deals without an amount are in no row.
--
-- Columns:
--   target_close_month [date]: First day of the month of the target close date; null for deals without a date. Example:
--     2026-06-01.
--   currency_code [text]: Currency of monthly_amount; null if AWS sent none. Example: USD.
--   opportunities [integer]: Number of opportunities with this month and an amount in this currency. Example: 1.
--   monthly_amount [decimal]: Sum of their expected spend a month in this currency. Example: 40.25.
--   is_past [boolean]: True if the month ended before data_freshness.as_of; null without a month. Example: false.
--   validated_amount [decimal]: The part of monthly_amount that AWS approved; null if none was. Example: 40.25.
--   reporting_amount [decimal]: monthly_amount in the reporting currency; null without a rate. Example: 40.25.
--   reporting_currency [text]: Reporting currency; null without a rate. Example: USD.
--   rate_date [date]: Oldest first day of the rates that were used; null without a rate, and for the reporting
--     currency itself. Example: 2026-06-05.
SELECT
    CAST(DATE_TRUNC('month', CAST(opportunities.life_cycle_target_close_date AS DATE)) AS DATE)
        AS target_close_month,
    opportunity_spend.currency_code,
    COUNT(*) AS opportunities,
    SUM(opportunity_spend.monthly_amount) AS monthly_amount,
    CAST(DATE_TRUNC('month', CAST(opportunities.life_cycle_target_close_date AS DATE)) AS DATE)
        < CAST(DATE_TRUNC('month', CAST(data_as_of.as_of_date AS DATE)) AS DATE) AS is_past,
    SUM(CASE WHEN opportunity_standing.is_validated THEN opportunity_spend.monthly_amount END) AS validated_amount,
    SUM(opportunity_spend.reporting_amount) AS reporting_amount,
    opportunity_spend.reporting_currency,
    MIN(opportunity_spend.rate_date) AS rate_date
FROM opportunities
JOIN opportunity_standing ON opportunity_standing.id = opportunities.id
JOIN opportunity_spend ON opportunity_spend.id = opportunities.id
CROSS JOIN data_as_of
WHERE opportunity_standing.is_pipeline
GROUP BY
    CAST(DATE_TRUNC('month', CAST(opportunities.life_cycle_target_close_date AS DATE)) AS DATE),
    opportunity_spend.currency_code,
    opportunity_spend.reporting_currency,
    CAST(DATE_TRUNC('month', CAST(opportunities.life_cycle_target_close_date AS DATE)) AS DATE)
        < CAST(DATE_TRUNC('month', CAST(data_as_of.as_of_date AS DATE)) AS DATE)
ORDER BY target_close_month, monthly_amount DESC
