-- What may one opportunity bring a month, in each currency?
--
-- Definition: one row per opportunity and currency: the sum of its expected customer spend in that currency.
-- Pitfalls: amounts are for one month. Never add rows of different currencies. currency_code is null if AWS sent none.
-- Entries without an amount are left out, and so are entries with a frequency other than Monthly. AWS knows no other
-- frequency today. reporting_amount is null for a currency without a rate in currency_rates.
--
-- Columns:
--   id [text]: AWS's identifier of the opportunity. Example: C3.
--   currency_code [text]: Currency of monthly_amount; null if AWS sent none. Example: JPY.
--   monthly_amount [decimal]: Sum of the expected customer spend a month in this currency. Example: 300000.00.
--   reporting_amount [decimal]: monthly_amount in the reporting currency, rounded to cents; null without a rate.
--     Example: 3000.00.
--   reporting_currency [text]: Reporting currency; null without a rate. Example: USD.
--   rate_date [date]: First day on which the rate was valid; null without a rate, and for the reporting currency
--     itself. Example: 2026-06-10.
WITH amounts AS (
    SELECT
        opportunity_id AS id,
        currency_code,
        SUM(amount) AS monthly_amount
    FROM opportunities__project_expected_customer_spend
    WHERE amount IS NOT NULL AND COALESCE(frequency, 'Monthly') = 'Monthly'
    GROUP BY opportunity_id, currency_code
)
SELECT
    amounts.id,
    amounts.currency_code,
    amounts.monthly_amount,
    CASE
        WHEN reporting_rates.currency_code = reporting_rates.reporting_currency THEN amounts.monthly_amount
        WHEN ABS(CAST(amounts.monthly_amount AS DOUBLE) * reporting_rates.rate) < 1E30
            THEN CAST(CAST(amounts.monthly_amount AS DOUBLE) * reporting_rates.rate AS DECIMAL(38, 2))
    END AS reporting_amount,
    reporting_rates.reporting_currency,
    reporting_rates.rate_date
FROM amounts
LEFT JOIN reporting_rates ON reporting_rates.currency_code = amounts.currency_code
ORDER BY amounts.monthly_amount DESC
