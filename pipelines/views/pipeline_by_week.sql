-- How has the pipeline developed, week by week, by stage and currency?
--
-- Definition: one row per ISO week, stage and currency, of the opportunities that were pipeline when the week ended, by
-- their versions in opportunity_versions. Pipeline is open, and neither rejected nor still to be submitted. An
-- opportunity leaves when it is gone. In the running week, it is what is pipeline now. Weeks begin with the one of the
-- first watermark: before it, no state of the account is known. opportunities_in_stage and validated_in_stage count the
-- whole stage, and repeat in each of its rows. The column opportunities counts the ones with an amount in this
-- currency.
-- Pitfalls: an opportunity with two currencies is in two rows. So add up opportunities_in_stage of distinct stages,
-- never opportunities. Amounts are for one month and must not be added across currencies. A week without pipeline has
-- no row. An opportunity counts from the first version seen. If account_is_seen is false, only filtered runs had been
-- made by then, and the counts are too small. What was gone and came back counts as if it had been there.
--
-- Columns:
--   week_start [date]: Monday of the week. Example: 2026-06-08.
--   week_end [date]: Sunday of the week. Example: 2026-06-14.
--   is_past [boolean]: True if the week ended before data_freshness.as_of; false for the running week. Example: true.
--   account_is_seen [boolean]: True if a run had read the whole account by the end of the week. Example: true.
--   life_cycle_stage [text]: Stage of the opportunities then; null if AWS sent none. Example: Qualified.
--   stage_order [integer]: Place of the stage in the usual order, from 1; null for a stage that life_cycle_stages does
--     not list. Example: 2.
--   opportunities_in_stage [integer]: Number of pipeline opportunities in the stage; the same in each row of week and
--     stage. Example: 2.
--   validated_in_stage [integer]: How many of them AWS had approved; the same in each row of week and stage. Example:
--     1.
--   currency_code [text]: Currency of the amounts; null if AWS sent none, or for opportunities without an amount.
--     Example: USD.
--   opportunities [integer]: Number of pipeline opportunities in the stage with an amount in this currency; without
--     currency and amount, of the ones that had none. Example: 2.
--   monthly_amount [decimal]: Sum of their expected spend a month in this currency; null for opportunities without an
--     amount. Example: 1240.75.
--   validated_monthly_amount [decimal]: The part of monthly_amount that AWS had approved; null if that is none.
--     Example: 40.25.
--   reporting_amount [decimal]: monthly_amount in the reporting currency, at the rates of today; null without a
--     rate. Example: 1240.75.
--   reporting_currency [text]: Reporting currency; null without a rate. Example: USD.
--   rate_date [date]: Oldest first day of the rates that were used; null without a rate, and for the reporting
--     currency itself. Example: 2026-06-05.
WITH digits AS (
    SELECT 0 AS digit
    UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
    UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9
), freshness AS (
    SELECT as_of, as_of_date
    FROM data_as_of
    WHERE as_of IS NOT NULL
), runs AS (
    SELECT MIN(watermark) AS began_at, MIN(CASE WHEN scope = 'all' THEN watermark END) AS whole_from
    FROM sync_runs
), days AS (  -- days are counted from a Monday, and 7 of them are a week
    SELECT
        DATE_DIFF('day', DATE '1970-01-05', freshness.as_of_date) AS last_day,
        DATE_DIFF(
            'day', DATE '1970-01-05', CAST(COALESCE(runs.began_at, freshness.as_of) AT TIME ZONE 'UTC' AS DATE)
        ) AS first_day,
        DATE_DIFF('day', DATE '1970-01-05', CAST(runs.whole_from AT TIME ZONE 'UTC' AS DATE)) AS whole_day
    FROM freshness
    CROSS JOIN runs
), bounds AS (
    SELECT last_day, last_day - MOD(last_day, 7) AS last_week, first_day - MOD(first_day, 7) AS first_week, whole_day
    FROM days
), weeks AS (
    SELECT
        bounds.last_week - 7 * (100 * hundreds.digit + 10 * tens.digit + ones.digit) AS week,
        bounds.last_week,
        bounds.whole_day
    FROM bounds
    CROSS JOIN digits AS hundreds
    CROSS JOIN digits AS tens
    CROSS JOIN digits AS ones
    WHERE bounds.last_week - 7 * (100 * hundreds.digit + 10 * tens.digit + ones.digit) >= bounds.first_week
), versions AS (
    SELECT
        opportunity_versions.id,
        opportunity_versions.version_number,
        opportunity_versions.life_cycle_stage,
        opportunity_versions.stage_order,
        opportunity_versions.is_validated,
        DATE_DIFF('day', DATE '1970-01-05', CAST(opportunity_versions.valid_from AT TIME ZONE 'UTC' AS DATE))
            AS from_day,
        DATE_DIFF('day', DATE '1970-01-05', CAST(opportunity_versions.valid_until AT TIME ZONE 'UTC' AS DATE))
            AS until_day
    FROM opportunity_versions
    WHERE opportunity_versions.is_pipeline
), spans AS (  -- a version is there at the end of each week from from_week on, and before until_week
    SELECT
        versions.id,
        versions.version_number,
        versions.life_cycle_stage,
        versions.stage_order,
        versions.is_validated,
        CASE
            WHEN versions.from_day < bounds.first_week THEN bounds.first_week
            WHEN versions.from_day > bounds.last_day THEN bounds.last_week
            ELSE versions.from_day - MOD(versions.from_day, 7)
        END AS from_week,
        CASE
            WHEN versions.until_day IS NULL THEN bounds.last_week + 7
            WHEN versions.until_day > bounds.last_day THEN bounds.last_week
            ELSE versions.until_day - MOD(versions.until_day, 7)
        END AS until_week
    FROM versions
    CROSS JOIN bounds
), shown AS (
    SELECT id, version_number, life_cycle_stage, stage_order, is_validated, from_week, until_week
    FROM spans
    WHERE until_week > from_week
), sized AS (
    SELECT
        life_cycle_stage,
        from_week,
        until_week,
        COUNT(*) AS opportunities,
        COUNT(CASE WHEN is_validated THEN 1 END) AS validated
    FROM shown
    GROUP BY life_cycle_stage, from_week, until_week
), sizes AS (
    SELECT
        weeks.week,
        sized.life_cycle_stage,
        CAST(SUM(sized.opportunities) AS BIGINT) AS opportunities_in_stage,
        CAST(SUM(sized.validated) AS BIGINT) AS validated_in_stage
    FROM weeks
    CROSS JOIN sized
    WHERE weeks.week >= sized.from_week AND weeks.week < sized.until_week
    GROUP BY weeks.week, sized.life_cycle_stage
), summed AS (
    SELECT
        shown.life_cycle_stage,
        shown.stage_order,
        shown.from_week,
        shown.until_week,
        amounts.currency_code,
        COUNT(*) AS opportunities,
        SUM(amounts.monthly_amount) AS monthly_amount,
        SUM(CASE WHEN shown.is_validated THEN amounts.monthly_amount END) AS validated_monthly_amount,
        SUM(amounts.reporting_amount) AS reporting_amount,
        MAX(amounts.reporting_currency) AS reporting_currency,
        MIN(amounts.rate_date) AS rate_date
    FROM shown
    LEFT JOIN version_spend AS amounts
        ON amounts.id = shown.id AND amounts.version_number = shown.version_number
    GROUP BY shown.life_cycle_stage, shown.stage_order, shown.from_week, shown.until_week, amounts.currency_code
), sums AS (
    SELECT
        weeks.week,
        weeks.last_week,
        weeks.whole_day,
        summed.life_cycle_stage,
        summed.stage_order,
        summed.currency_code,
        CAST(SUM(summed.opportunities) AS BIGINT) AS opportunities,
        SUM(summed.monthly_amount) AS monthly_amount,
        SUM(summed.validated_monthly_amount) AS validated_monthly_amount,
        SUM(summed.reporting_amount) AS reporting_amount,
        MAX(summed.reporting_currency) AS reporting_currency,
        MIN(summed.rate_date) AS rate_date
    FROM weeks
    CROSS JOIN summed
    WHERE weeks.week >= summed.from_week AND weeks.week < summed.until_week
    GROUP BY
        weeks.week,
        weeks.last_week,
        weeks.whole_day,
        summed.life_cycle_stage,
        summed.stage_order,
        summed.currency_code
)
SELECT
    CAST(DATE '1970-01-05' + CAST(sums.week AS INTEGER) AS DATE) AS week_start,
    CAST(DATE '1970-01-05' + CAST(sums.week + 6 AS INTEGER) AS DATE) AS week_end,
    sums.week < sums.last_week AS is_past,
    COALESCE(sums.week + 6 >= sums.whole_day, FALSE) AS account_is_seen,
    sums.life_cycle_stage,
    sums.stage_order,
    sizes.opportunities_in_stage,
    sizes.validated_in_stage,
    sums.currency_code,
    sums.opportunities,
    sums.monthly_amount,
    sums.validated_monthly_amount,
    sums.reporting_amount,
    sums.reporting_currency,
    sums.rate_date
FROM sums
JOIN sizes ON sizes.week = sums.week AND sizes.life_cycle_stage IS NOT DISTINCT FROM sums.life_cycle_stage
ORDER BY week_start DESC, sums.stage_order, sums.monthly_amount DESC NULLS LAST, sums.currency_code
