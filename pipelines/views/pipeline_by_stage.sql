-- What is open, by stage, and what may it bring a month?
--
-- Definition: one row per stage and currency, of opportunities that are open and not gone. opportunities_in_stage
-- counts the whole stage, and repeats in each of its rows. The column opportunities counts the ones with an amount in
-- this currency.
-- Pitfalls: an opportunity with two currencies is in two rows. So add up opportunities_in_stage of distinct stages,
-- never opportunities. Amounts are for one month and must not be added across currencies. If currency_code and
-- monthly_amount are null, AWS has no amount.
--
-- Columns:
--   life_cycle_stage: Stage of the opportunity; null if AWS sent none.
--   stage_order: Place of the stage in the usual order, from 1; null for a stage that life_cycle_stages does not list.
--   opportunities_in_stage: Number of open opportunities in the stage; the same in each row of the stage.
--   currency_code: Currency of monthly_amount; null if AWS sent none, or for opportunities without an amount.
--   opportunities: Number of open opportunities in the stage with an amount in this currency; without currency and
--     amount, of the ones that have none.
--   monthly_amount: Sum of their expected spend a month in this currency; null for opportunities without an amount.
WITH open_ones AS (
    SELECT id, life_cycle_stage, stage_order
    FROM opportunity_standing
    WHERE is_open AND NOT is_gone
), sizes AS (
    SELECT life_cycle_stage, COUNT(*) AS opportunities_in_stage
    FROM open_ones
    GROUP BY life_cycle_stage
), amounts AS (
    SELECT
        open_ones.life_cycle_stage,
        open_ones.stage_order,
        opportunity_spend.currency_code,
        COUNT(*) AS opportunities,
        SUM(opportunity_spend.monthly_amount) AS monthly_amount
    FROM open_ones
    LEFT JOIN opportunity_spend ON opportunity_spend.id = open_ones.id
    GROUP BY open_ones.life_cycle_stage, open_ones.stage_order, opportunity_spend.currency_code
)
SELECT
    amounts.life_cycle_stage,
    amounts.stage_order,
    sizes.opportunities_in_stage,
    amounts.currency_code,
    amounts.opportunities,
    amounts.monthly_amount
FROM amounts
JOIN sizes ON sizes.life_cycle_stage IS NOT DISTINCT FROM amounts.life_cycle_stage
