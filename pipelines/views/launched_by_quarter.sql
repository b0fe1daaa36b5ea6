-- How many deals were launched, and what do they bring a month, by quarter and within 12 months?
--
-- Definition: one row per calendar quarter and currency of opportunities in Launched that are not gone, by closed_on in
-- opportunity_current. The columns that end in within_a_year are of the 365 days up to the end of the quarter, or up to
-- data_freshness.as_of in the running quarter. launched_in_quarter and launched_within_a_year count deals, and repeat
-- in each row of the quarter. The column undated counts launches of the quarter that were there at the first sync.
-- Their day is an estimate.
-- Pitfalls: amounts are the spend that was expected when the deal was last edited, not what AWS bills. An opportunity
-- with two currencies is in two rows. So never add up opportunities, and never amounts across currencies; reporting
-- amounts can be added. They are at the rates of today. A quarter without a launch in the 365 days up to its end is in
-- no row. AWS's programs count what they define, so compare before you rely on it.
--
-- Columns:
--   quarter_start [date]: First day of the calendar quarter. Example: 2026-04-01.
--   quarter [text]: Year and quarter as text. Example: 2026-Q2.
--   launched_in_quarter [integer]: Number of opportunities that were launched in the quarter; the same in each row of
--     the quarter. Example: 1.
--   launched_within_a_year [integer]: Number of opportunities that were launched in the 365 days up to the end of the
--     quarter; the same in each row of the quarter. Example: 1.
--   undated [integer]: How many of launched_in_quarter were launched already at the first sync, so that their day is an
--     estimate. Example: 0.
--   currency_code [text]: Currency of the amounts; null if AWS sent none, or for opportunities without an amount.
--     Example: JPY.
--   opportunities [integer]: Number of opportunities of the quarter with an amount in this currency; without currency
--     and amount, of the ones that have none. Example: 1.
--   monthly_amount [decimal]: Sum of their expected spend a month in this currency; null if there are none. Example:
--     300000.00.
--   opportunities_within_a_year [integer]: The same number for the 365 days. Example: 1.
--   monthly_amount_within_a_year [decimal]: The same sum for the 365 days; null if there are none. Example: 300000.00.
--   reporting_amount [decimal]: monthly_amount in the reporting currency; null without a rate. Example: 3000.00.
--   reporting_amount_within_a_year [decimal]: monthly_amount_within_a_year in the reporting currency; null without a
--     rate. Example: 3000.00.
--   reporting_currency [text]: Reporting currency; null without a rate. Example: USD.
--   rate_date [date]: Oldest first day of the rates that were used; null without a rate, and for the reporting
--     currency itself. Example: 2026-06-10.
WITH digits AS (
    SELECT 0 AS digit
    UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
    UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9
), parts AS (
    SELECT 1 AS number, '-01-01' AS first_day, '-03-31' AS last_day
    UNION ALL SELECT 2, '-04-01', '-06-30'
    UNION ALL SELECT 3, '-07-01', '-09-30'
    UNION ALL SELECT 4, '-10-01', '-12-31'
), launches AS (
    SELECT id, closed_on, stage_since_is_seen
    FROM opportunity_current
    WHERE life_cycle_stage = 'Launched' AND NOT is_gone
), years AS (
    SELECT CAST(bounds.last_year - 10 * tens.digit - ones.digit AS TEXT) AS year
    FROM (
        SELECT
            CAST(EXTRACT(YEAR FROM MIN(launches.closed_on)) AS INTEGER) AS first_year,
            CAST(EXTRACT(YEAR FROM MAX(data_as_of.as_of_date)) AS INTEGER) AS last_year
        FROM launches
        CROSS JOIN data_as_of
    ) AS bounds
    CROSS JOIN digits AS tens
    CROSS JOIN digits AS ones
    WHERE bounds.last_year - 10 * tens.digit - ones.digit >= bounds.first_year
), calendar AS (
    SELECT
        CAST(years.year || parts.first_day AS DATE) AS quarter_start,
        CAST(years.year || parts.last_day AS DATE) AS quarter_end,
        years.year || '-Q' || CAST(parts.number AS TEXT) AS quarter
    FROM years
    CROSS JOIN parts
), quarters AS (
    SELECT
        calendar.quarter_start,
        calendar.quarter,
        CASE WHEN calendar.quarter_end > data_as_of.as_of_date
            THEN data_as_of.as_of_date
            ELSE calendar.quarter_end
        END AS until_date
    FROM calendar
    CROSS JOIN data_as_of
    WHERE calendar.quarter_start <= data_as_of.as_of_date
), entries AS (
    SELECT
        quarters.quarter_start,
        quarters.quarter,
        launches.id,
        launches.closed_on >= quarters.quarter_start AS is_of_quarter,
        launches.stage_since_is_seen
    FROM quarters
    CROSS JOIN launches
    WHERE DATE_DIFF('day', launches.closed_on, quarters.until_date) BETWEEN 0 AND 364
), sizes AS (
    SELECT
        quarter_start,
        COUNT(CASE WHEN is_of_quarter THEN 1 END) AS launched_in_quarter,
        COUNT(*) AS launched_within_a_year,
        COUNT(CASE WHEN is_of_quarter AND NOT stage_since_is_seen THEN 1 END) AS undated
    FROM entries
    GROUP BY quarter_start
)
SELECT
    entries.quarter_start,
    entries.quarter,
    sizes.launched_in_quarter,
    sizes.launched_within_a_year,
    sizes.undated,
    opportunity_spend.currency_code,
    COUNT(CASE WHEN entries.is_of_quarter THEN 1 END) AS opportunities,
    SUM(CASE WHEN entries.is_of_quarter THEN opportunity_spend.monthly_amount END) AS monthly_amount,
    COUNT(*) AS opportunities_within_a_year,
    SUM(opportunity_spend.monthly_amount) AS monthly_amount_within_a_year,
    SUM(CASE WHEN entries.is_of_quarter THEN opportunity_spend.reporting_amount END) AS reporting_amount,
    SUM(opportunity_spend.reporting_amount) AS reporting_amount_within_a_year,
    MAX(opportunity_spend.reporting_currency) AS reporting_currency,
    MIN(opportunity_spend.rate_date) AS rate_date
FROM entries
JOIN sizes ON sizes.quarter_start = entries.quarter_start
LEFT JOIN opportunity_spend ON opportunity_spend.id = entries.id
GROUP BY
    entries.quarter_start,
    entries.quarter,
    sizes.launched_in_quarter,
    sizes.launched_within_a_year,
    sizes.undated,
    opportunity_spend.currency_code
ORDER BY
    entries.quarter_start DESC,
    monthly_amount_within_a_year DESC NULLS LAST,
    opportunity_spend.currency_code
