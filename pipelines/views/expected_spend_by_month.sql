-- When should open deals close, and what may they bring a month from then on?
--
-- Definition: one row per month of the target close date and per currency, of opportunities that are open and not gone.
-- is_past marks months that end before data_freshness.as_of.
-- Pitfalls: amounts are for one month, not weighted by stage, and must not be added across currencies.
-- target_close_month is null for deals without a date. Deals without an amount are in no row.
--
-- Columns:
--   target_close_month: First day of the month of the target close date; null for deals without a date.
--   currency_code: Currency of monthly_amount; null if AWS sent none.
--   opportunities: Number of open opportunities with this month and an amount in this currency.
--   monthly_amount: Sum of their expected spend a month in this currency.
--   is_past: True if the month ended before data_freshness.as_of; null without a month.
SELECT
    CAST(DATE_TRUNC('month', CAST(opportunities.life_cycle_target_close_date AS DATE)) AS DATE)
        AS target_close_month,
    opportunity_spend.currency_code,
    COUNT(*) AS opportunities,
    SUM(opportunity_spend.monthly_amount) AS monthly_amount,
    CAST(DATE_TRUNC('month', CAST(opportunities.life_cycle_target_close_date AS DATE)) AS DATE)
        < CAST(DATE_TRUNC('month', CAST(data_freshness.as_of_date AS DATE)) AS DATE) AS is_past
FROM opportunities
JOIN opportunity_standing ON opportunity_standing.id = opportunities.id
JOIN opportunity_spend ON opportunity_spend.id = opportunities.id
JOIN data_freshness ON data_freshness.stream = 'opportunities'
WHERE opportunity_standing.is_open AND NOT opportunity_standing.is_gone
GROUP BY
    CAST(DATE_TRUNC('month', CAST(opportunities.life_cycle_target_close_date AS DATE)) AS DATE),
    opportunity_spend.currency_code,
    CAST(DATE_TRUNC('month', CAST(opportunities.life_cycle_target_close_date AS DATE)) AS DATE)
        < CAST(DATE_TRUNC('month', CAST(data_freshness.as_of_date AS DATE)) AS DATE)
