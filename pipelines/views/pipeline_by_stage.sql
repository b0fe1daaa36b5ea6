-- What is the pipeline, by stage, and what may it bring a month?
--
-- Definition: one row per stage and currency, of opportunities that are pipeline: open, not gone, and neither rejected
-- nor still to be submitted. opportunities_in_stage and validated_in_stage count the whole stage, and repeat in each of
-- its rows. Validated is what AWS approved. The column opportunities counts the ones with an amount in this currency.
-- Pitfalls: an opportunity with two currencies is in two rows. So add up opportunities_in_stage of distinct stages,
-- never opportunities. Amounts are for one month and must not be added across currencies; reporting_amount can be. If
-- currency_code and monthly_amount are null, AWS has no amount. open_by_review has what is open and no pipeline.
--
-- Columns:
--   life_cycle_stage [text]: Stage of the opportunity; null if AWS sent none. Example: Committed.
--   stage_order [integer]: Place of the stage in the usual order, from 1; null for a stage that life_cycle_stages does
--     not list. Example: 5.
--   opportunities_in_stage [integer]: Number of opportunities in the stage; the same in each row of the stage. Example:
--     1.
--   currency_code [text]: Currency of monthly_amount; null if AWS sent none, or for opportunities without an amount.
--     Example: USD.
--   opportunities [integer]: Number of opportunities in the stage with an amount in this currency; without currency and
--     amount, of the ones that have none. Example: 1.
--   monthly_amount [decimal]: Sum of their expected spend a month in this currency; null for opportunities without an
--     amount. Example: 1.00.
--   validated_in_stage [integer]: How many in the stage AWS approved; the same in each row of the stage. Example: 1.
--   validated_amount [decimal]: The part of monthly_amount that AWS approved; null if none was. Example: 40.25.
--   reporting_amount [decimal]: monthly_amount in the reporting currency; null without a rate. Example: 1240.75.
--   reporting_currency [text]: Reporting currency; null without a rate. Example: USD.
--   rate_date [date]: Oldest first day of the rates that were used; null without a rate, and for the reporting
--     currency itself. Example: 2026-06-05.
WITH pipeline AS (
    SELECT id, life_cycle_stage, stage_order, is_validated
    FROM opportunity_standing
    WHERE is_pipeline
), sizes AS (
    SELECT
        life_cycle_stage,
        COUNT(*) AS opportunities_in_stage,
        COUNT(CASE WHEN is_validated THEN 1 END) AS validated_in_stage
    FROM pipeline
    GROUP BY life_cycle_stage
), amounts AS (
    SELECT
        pipeline.life_cycle_stage,
        pipeline.stage_order,
        opportunity_spend.currency_code,
        opportunity_spend.reporting_currency,
        COUNT(*) AS opportunities,
        SUM(opportunity_spend.monthly_amount) AS monthly_amount,
        SUM(CASE WHEN pipeline.is_validated THEN opportunity_spend.monthly_amount END) AS validated_amount,
        SUM(opportunity_spend.reporting_amount) AS reporting_amount,
        MIN(opportunity_spend.rate_date) AS rate_date
    FROM pipeline
    LEFT JOIN opportunity_spend ON opportunity_spend.id = pipeline.id
    GROUP BY
        pipeline.life_cycle_stage,
        pipeline.stage_order,
        opportunity_spend.currency_code,
        opportunity_spend.reporting_currency
)
SELECT
    amounts.life_cycle_stage,
    amounts.stage_order,
    sizes.opportunities_in_stage,
    amounts.currency_code,
    amounts.opportunities,
    amounts.monthly_amount,
    sizes.validated_in_stage,
    amounts.validated_amount,
    amounts.reporting_amount,
    amounts.reporting_currency,
    amounts.rate_date
FROM amounts
JOIN sizes ON sizes.life_cycle_stage IS NOT DISTINCT FROM amounts.life_cycle_stage
ORDER BY amounts.stage_order DESC, amounts.monthly_amount DESC
