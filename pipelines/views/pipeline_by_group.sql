-- What is in the pipeline, and what was won and lost, in each group of every kind?
--
-- Definition: one row per dimension, value and currency of the pipeline, from opportunity_groups. The pipeline is what
-- is open, not gone, and neither rejected nor still to be submitted. opportunities_in_group, validated_in_group, won,
-- lost and win_rate_percent are of the whole group, and repeat in each of its rows. The column opportunities counts the
-- ones with an amount in this currency. A group without pipeline has one row, without currency and amount.
-- Pitfalls: an opportunity with two currencies is in two rows, and one with two values in two groups. So no column may
-- be added up over rows. Amounts are for one month. The columns won and lost count every closed opportunity, even if it
-- is gone now, and win_rate_percent is null where nothing was closed. Groups without pipeline and closed opportunities
-- are in no row.
--
-- Columns:
--   dimension [text]: What the opportunities are grouped by, as in opportunity_groups. Example: aws_seller.
--   value [text]: The group, as text; null for the opportunities without one. Example: Al Ash.
--   opportunities_in_group [integer]: Number of pipeline opportunities in the group; the same in each row of the group.
--     Example: 1.
--   validated_in_group [integer]: How many of them AWS approved; the same in each row of the group. Example: 1.
--   won [integer]: Number of opportunities of the group in Launched; the same in each row of the group. Example: 1.
--   lost [integer]: Number of opportunities of the group in Closed Lost; the same in each row of the group. Example: 2.
--   win_rate_percent [decimal]: 100 * won / (won + lost), rounded to one decimal; null if nothing was closed. Example:
--     100.0.
--   currency_code [text]: Currency of the amounts; null if AWS sent none, or for opportunities without an amount.
--     Example: USD.
--   opportunities [integer]: Number of pipeline opportunities of the group with an amount in this currency; without
--     currency and amount, of the ones that have none. Example: 1.
--   monthly_amount [decimal]: Sum of their expected spend a month in this currency; null for opportunities without an
--     amount. Example: 1200.50.
--   validated_amount [decimal]: The part of monthly_amount that AWS approved; null if that is none. Example: 40.25.
--   reporting_amount [decimal]: monthly_amount in the reporting currency; null without a rate. Example: 1200.50.
--   reporting_currency [text]: Reporting currency; null without a rate. Example: USD.
--   rate_date [date]: Oldest first day of the rates that were used; null without a rate, and for the reporting
--     currency itself. Example: 2026-06-05.
WITH entries AS (
    SELECT
        opportunity_groups.dimension,
        opportunity_groups.value,
        opportunity_groups.is_pipeline,
        opportunity_groups.is_validated,
        opportunity_groups.is_won,
        opportunity_groups.is_lost,
        opportunity_spend.currency_code,
        opportunity_spend.monthly_amount,
        opportunity_spend.reporting_amount,
        opportunity_spend.reporting_currency,
        opportunity_spend.rate_date,
        ROW_NUMBER() OVER (
            PARTITION BY opportunity_groups.dimension, opportunity_groups.value, opportunity_groups.id
            ORDER BY opportunity_spend.currency_code
        ) AS entry_number
    FROM opportunity_groups
    LEFT JOIN opportunity_spend
        ON opportunity_spend.id = opportunity_groups.id AND opportunity_groups.is_pipeline
    WHERE opportunity_groups.is_pipeline OR opportunity_groups.is_won OR opportunity_groups.is_lost
), sums AS (
    SELECT
        entries.dimension,
        entries.value,
        entries.currency_code,
        COUNT(CASE WHEN entries.is_pipeline THEN 1 END) AS opportunities,
        SUM(entries.monthly_amount) AS monthly_amount,
        SUM(CASE WHEN entries.is_validated THEN entries.monthly_amount END) AS validated_amount,
        SUM(entries.reporting_amount) AS reporting_amount,
        MAX(entries.reporting_currency) AS reporting_currency,
        MIN(entries.rate_date) AS rate_date,
        COUNT(CASE WHEN entries.is_pipeline AND entries.entry_number = 1 THEN 1 END) AS pipeline_ids,
        COUNT(CASE WHEN entries.is_validated AND entries.entry_number = 1 THEN 1 END) AS validated_ids,
        COUNT(CASE WHEN entries.is_won THEN 1 END) AS won_ids,
        COUNT(CASE WHEN entries.is_lost THEN 1 END) AS lost_ids
    FROM entries
    GROUP BY entries.dimension, entries.value, entries.currency_code
), totals AS (
    SELECT
        sums.dimension,
        sums.value,
        CAST(SUM(sums.pipeline_ids) OVER (PARTITION BY sums.dimension, sums.value) AS BIGINT)
            AS opportunities_in_group,
        CAST(SUM(sums.validated_ids) OVER (PARTITION BY sums.dimension, sums.value) AS BIGINT) AS validated_in_group,
        CAST(SUM(sums.won_ids) OVER (PARTITION BY sums.dimension, sums.value) AS BIGINT) AS won,
        CAST(SUM(sums.lost_ids) OVER (PARTITION BY sums.dimension, sums.value) AS BIGINT) AS lost,
        sums.currency_code,
        sums.opportunities,
        sums.monthly_amount,
        sums.validated_amount,
        sums.reporting_amount,
        sums.reporting_currency,
        sums.rate_date
    FROM sums
)
SELECT
    totals.dimension,
    totals.value,
    totals.opportunities_in_group,
    totals.validated_in_group,
    totals.won,
    totals.lost,
    CASE
        WHEN totals.won + totals.lost > 0
            THEN ROUND(CAST(100.0 * totals.won / GREATEST(totals.won + totals.lost, 1) AS DECIMAL(18, 9)), 1)
    END AS win_rate_percent,
    totals.currency_code,
    totals.opportunities,
    totals.monthly_amount,
    totals.validated_amount,
    totals.reporting_amount,
    totals.reporting_currency,
    totals.rate_date
FROM totals
WHERE totals.opportunities > 0 OR totals.opportunities_in_group = 0
ORDER BY
    totals.dimension,
    totals.monthly_amount DESC NULLS LAST,
    totals.opportunities_in_group DESC,
    totals.value
