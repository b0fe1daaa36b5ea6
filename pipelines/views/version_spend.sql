-- What did each version of an opportunity expect a month, in each currency?
--
-- Definition: one row per version in opportunity_versions and currency: the sum of its expected customer spend in that
-- currency. The newest version has the amounts of opportunity_spend. Earlier ones have those in the text that
-- opportunity_history keeps of them.
-- Pitfalls: amounts are for one month. Never add rows of different currencies; reporting_amount can be added. It is at
-- the rates of today, so that a change of it is one of the amounts. A version without an amount has no row. Entries
-- with a frequency other than Monthly are left out. Of more than ten entries, AWS's most, the first ten count.
--
-- Columns:
--   id [text]: AWS's identifier of the opportunity. Example: A1.
--   version_number [integer]: Number of the version, as in opportunity_versions. Example: 1.
--   currency_code [text]: Currency of monthly_amount; null if AWS sent none. Example: USD.
--   monthly_amount [decimal]: Sum of the expected customer spend a month in this currency. Example: 1200.50.
--   reporting_amount [decimal]: monthly_amount in the reporting currency, rounded to cents; null without a rate.
--     Example: 1200.50.
--   reporting_currency [text]: Reporting currency; null without a rate. Example: USD.
--   rate_date [date]: First day on which the rate was valid; null without a rate, and for the reporting currency
--     itself. Example: 2026-06-05.
WITH digits AS (
    SELECT 0 AS digit
    UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
    UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9
), numbered AS (  -- as in opportunity_versions
    SELECT
        id,
        project_expected_customer_spend AS spend,
        ROW_NUMBER() OVER (PARTITION BY id ORDER BY last_modified_date, read_order) AS version_number,
        COUNT(*) OVER (PARTITION BY id) AS versions
    FROM opportunity_history
), newest AS (
    SELECT id, COUNT(*) AS version_number
    FROM opportunity_history
    GROUP BY id
), entries AS (
    SELECT
        numbered.id,
        numbered.version_number,
        SPLIT_PART(numbered.spend, '; ', digits.digit + 1) AS entry
    FROM numbered
    JOIN digits ON digits.digit <= LENGTH(numbered.spend) - LENGTH(REPLACE(numbered.spend, ';', ''))
    WHERE numbered.version_number < numbered.versions
), words AS (
    SELECT
        id,
        version_number,
        CASE WHEN REGEXP_MATCHES(SPLIT_PART(entry, ' ', 1), '^-?[0-9,]{1,48}([.][0-9]{1,2})?$')
            THEN TRY_CAST(REPLACE(SPLIT_PART(entry, ' ', 1), ',', '') AS DECIMAL(38, 2))
        END AS amount,
        CASE WHEN REGEXP_MATCHES(SPLIT_PART(entry, ' ', 2), '^[A-Z]{3}$') THEN SPLIT_PART(entry, ' ', 2) END
            AS currency_code,
        SPLIT_PART(entry, ' ', 2) AS second_word,
        SPLIT_PART(entry, ' ', 3) AS third_word
    FROM entries
    WHERE LENGTH(entry) > 0
), amounts AS (
    SELECT id, version_number, currency_code, SUM(amount) AS monthly_amount
    FROM words
    WHERE
        amount IS NOT NULL
        AND (
            CASE WHEN currency_code IS NULL THEN second_word ELSE third_word END IN ('', 'Monthly')
            OR CASE WHEN currency_code IS NULL THEN second_word ELSE third_word END LIKE '(%'
        )
    GROUP BY id, version_number, currency_code
    UNION ALL
    SELECT
        opportunity_spend.id,
        COALESCE(newest.version_number, 1) AS version_number,
        opportunity_spend.currency_code,
        opportunity_spend.monthly_amount
    FROM opportunity_spend
    LEFT JOIN newest ON newest.id = opportunity_spend.id
)
SELECT
    amounts.id,
    amounts.version_number,
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
ORDER BY amounts.id, amounts.version_number, amounts.monthly_amount DESC
