-- What may the pipeline bring a month, weighted by how likely each stage is?
--
-- Definition: one row per stage and currency, of opportunities that are pipeline: open, not gone, and neither rejected
-- nor still to be submitted. The column weight is the one of the table stage_weights, or else default_weight in
-- life_cycle_stages. The column validated_amount is the part that AWS approved.
-- Pitfalls: the weights are a convention, until you enter your own: INSERT INTO stage_weights VALUES ('Prospect',
-- 0.05). A stage without a weight, such as one that AWS adds later, counts with null. Never add rows of different
-- currencies; reporting_weighted_amount can be added.
--
-- Columns:
--   life_cycle_stage [text]: Stage of the opportunity; null if AWS sent none. Example: Technical Validation.
--   stage_order [integer]: Place of the stage in the usual order, from 1; null for a stage that life_cycle_stages does
--     not list. Example: 3.
--   weight [decimal]: Probability with which the stage counts, from 0 to 1; null if none is known. Example: 0.4000.
--   currency_code [text]: Currency of the amounts; null if AWS sent none. Example: USD.
--   opportunities [integer]: Number of opportunities with an amount in this currency. Example: 1.
--   monthly_amount [decimal]: Sum of their expected spend a month in this currency. Example: 1.00.
--   validated_amount [decimal]: The part of monthly_amount that AWS approved; null if none was. Example: 40.25.
--   weighted_amount [decimal]: monthly_amount times weight, rounded to cents; null without a weight. Example: 0.40.
--   reporting_weighted_amount [decimal]: weighted_amount in the reporting currency; null without a rate. Example:
--     310.19.
--   reporting_currency [text]: Reporting currency; null without a rate. Example: USD.
--   rate_date [date]: Oldest first day of the rates that were used; null without a rate, and for the reporting
--     currency itself. Example: 2026-06-05.
WITH weights AS (
    SELECT
        life_cycle_stages.life_cycle_stage,
        CAST(COALESCE(MAX(stage_weights.weight), MAX(life_cycle_stages.default_weight)) AS DECIMAL(5, 4)) AS weight
    FROM life_cycle_stages
    LEFT JOIN stage_weights ON stage_weights.life_cycle_stage = life_cycle_stages.life_cycle_stage
    GROUP BY life_cycle_stages.life_cycle_stage
), amounts AS (
    SELECT
        opportunity_standing.life_cycle_stage,
        opportunity_standing.stage_order,
        opportunity_spend.currency_code,
        opportunity_spend.reporting_currency,
        COUNT(*) AS opportunities,
        SUM(opportunity_spend.monthly_amount) AS monthly_amount,
        SUM(CASE WHEN opportunity_standing.is_validated THEN opportunity_spend.monthly_amount END) AS validated_amount,
        SUM(opportunity_spend.reporting_amount) AS reporting_amount,
        MIN(opportunity_spend.rate_date) AS rate_date
    FROM opportunity_standing
    JOIN opportunity_spend ON opportunity_spend.id = opportunity_standing.id
    WHERE opportunity_standing.is_pipeline
    GROUP BY
        opportunity_standing.life_cycle_stage,
        opportunity_standing.stage_order,
        opportunity_spend.currency_code,
        opportunity_spend.reporting_currency
)
SELECT
    amounts.life_cycle_stage,
    amounts.stage_order,
    weights.weight,
    amounts.currency_code,
    amounts.opportunities,
    amounts.monthly_amount,
    amounts.validated_amount,
    CASE WHEN ABS(amounts.monthly_amount) < 1E31
        THEN CAST(CAST(amounts.monthly_amount AS DECIMAL(34, 2)) * weights.weight AS DECIMAL(38, 2))
        ELSE CAST(CAST(amounts.monthly_amount AS DOUBLE) * weights.weight AS DECIMAL(38, 2))
    END AS weighted_amount,
    CASE WHEN ABS(amounts.reporting_amount) < 1E31
        THEN CAST(CAST(amounts.reporting_amount AS DECIMAL(34, 2)) * weights.weight AS DECIMAL(38, 2))
        ELSE CAST(CAST(amounts.reporting_amount AS DOUBLE) * weights.weight AS DECIMAL(38, 2))
    END AS reporting_weighted_amount,
    amounts.reporting_currency,
    amounts.rate_date
FROM amounts
LEFT JOIN weights ON weights.life_cycle_stage = amounts.life_cycle_stage
ORDER BY amounts.stage_order DESC, amounts.monthly_amount DESC
