-- At which rate does each currency count in the reporting currency?
--
-- Definition: one row per currency that the table currency_rates can change: the newest rate that is valid at
-- data_freshness.as_of. The reporting currency is the to_currency of that table, and has a row of its own, with the
-- rate 1. partner-central rates import fills the table.
-- Pitfalls: without rates, or with rates into several currencies, there is no row, and no view has amounts in a
-- reporting currency. One rate changes all amounts, of past and future months alike.
--
-- Columns:
--   currency_code [text]: Currency that is changed. Example: EUR.
--   reporting_currency [text]: Currency into which it is changed. Example: USD.
--   rate [decimal]: Amount in the reporting currency for one unit. Example: 1.2.
--   rate_date [date]: First day on which the rate was valid; null for the reporting currency itself. Example:
--     2026-06-05.
WITH reporting AS (
    SELECT MIN(to_currency) AS currency
    FROM currency_rates
    HAVING COUNT(DISTINCT to_currency) = 1
), valid AS (
    SELECT
        currency_rates.from_currency,
        currency_rates.rate,
        currency_rates.valid_from,
        ROW_NUMBER() OVER (
            PARTITION BY currency_rates.from_currency ORDER BY currency_rates.valid_from DESC, currency_rates.rate DESC
        ) AS newest_first
    FROM currency_rates
    CROSS JOIN data_as_of
    WHERE
        currency_rates.valid_from <= data_as_of.as_of_date
        AND currency_rates.from_currency <> currency_rates.to_currency
)
SELECT
    valid.from_currency AS currency_code,
    reporting.currency AS reporting_currency,
    valid.rate,
    valid.valid_from AS rate_date
FROM valid
CROSS JOIN reporting
WHERE valid.newest_first = 1
UNION ALL
SELECT
    currency AS currency_code,
    currency AS reporting_currency,
    CAST(1 AS DOUBLE) AS rate,
    CAST(NULL AS DATE) AS rate_date
FROM reporting
ORDER BY currency_code
