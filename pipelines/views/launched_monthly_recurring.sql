-- What do the launched deals bring a month?
--
-- Definition: one row per currency: the expected monthly spend of opportunities in Launched that are not gone.
-- launched_within_a_year is the part that was launched within the 365 days before data_freshness.as_of.
-- Pitfalls: this is the spend that was expected when the deal was last edited, not what AWS bills. A contract that has
-- ended still counts. Never add rows of different currencies.
--
-- Columns:
--   currency_code [text]: Currency of the amounts; null if AWS sent none. Example: JPY.
--   opportunities [integer]: Number of launched opportunities with an amount in this currency. Example: 1.
--   monthly_amount [decimal]: Sum of their expected spend a month in this currency. Example: 300000.00.
--   launched_within_a_year [decimal]: The part of monthly_amount that was launched within the 365 days before
--     data_freshness.as_of. Example: 300000.00.
--   reporting_amount [decimal]: monthly_amount in the reporting currency; null without a rate. Example: 3000.00.
--   reporting_currency [text]: Reporting currency; null without a rate. Example: USD.
--   rate_date [date]: Oldest first day of the rates that were used; null without a rate, and for the reporting
--     currency itself. Example: 2026-06-10.
SELECT
    opportunity_spend.currency_code,
    COUNT(*) AS opportunities,
    SUM(opportunity_spend.monthly_amount) AS monthly_amount,
    SUM(
        CASE
            WHEN DATE_DIFF('day', opportunity_current.closed_on, data_as_of.as_of_date) < 365
                THEN opportunity_spend.monthly_amount
        END
    ) AS launched_within_a_year,
    SUM(opportunity_spend.reporting_amount) AS reporting_amount,
    MAX(opportunity_spend.reporting_currency) AS reporting_currency,
    MIN(opportunity_spend.rate_date) AS rate_date
FROM opportunity_current
JOIN opportunity_spend ON opportunity_spend.id = opportunity_current.id
CROSS JOIN data_as_of
WHERE opportunity_current.life_cycle_stage = 'Launched' AND NOT opportunity_current.is_gone
GROUP BY opportunity_spend.currency_code
ORDER BY reporting_amount DESC NULLS LAST, monthly_amount DESC NULLS LAST, opportunity_spend.currency_code
