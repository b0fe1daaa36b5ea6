-- What should close this quarter, and what speaks against it?
--
-- Definition: one row per pipeline opportunity whose target close date is in the calendar quarter of
-- data_freshness.as_of. What speaks against a date is shown in parts, without a score. They are how often the date
-- moved later, how long nobody touched the deal, and how long its stages usually take. usual_days_left is the rest of
-- the usual length of the present stage, or 0 if that is over, plus the usual lengths of the stages up to Committed.
-- The usual length is median_days in stage_velocity.
-- Pitfalls: slips are the ones that syncs have seen, so a young history shows few. usual_days_left is null if the
-- length of one of these stages is not known. It counts every stage, although a deal can skip one. Dates before this
-- quarter are in past_target_close. Now is the newest watermark, not the clock.
--
-- Columns:
--   id [text]: AWS's identifier of the opportunity. Example: B2.
--   customer_company_name [text]: Company name of the customer. Example: Bolt.
--   owner [text]: Names of the owners in the partner's team, sorted; null if nobody knows them. Example: Ada; Zoe Zhu.
--   life_cycle_stage [text]: Stage of the opportunity; null if AWS sent none. Example: Committed.
--   review_standing [text]: Where it stands in AWS's review, as in opportunity_current. Example: approved.
--   is_validated [boolean]: True if AWS approved it. Example: true.
--   life_cycle_target_close_date [date]: Day on which the deal is expected to close. Example: 2026-06-01.
--   days_to_target_close [integer]: Days from data_freshness.as_of to the target close date; negative if it has passed.
--     Example: -9.
--   is_overdue [boolean]: True if the target close date has passed. Example: true.
--   times_slipped [integer]: How often the date moved later while the deal was open, as far as syncs have seen.
--     Example: 1.
--   days_slipped [integer]: Sum of the days of these moves; 0 without any. Example: 15.
--   days_unchanged [integer]: Days from the last change in AWS to data_freshness.as_of. Example: 70.
--   days_in_stage [integer]: Days in the present stage; at least that many if days_in_stage_are_exact is false.
--     Example: 70.
--   days_in_stage_are_exact [boolean]: True if a sync saw the stage begin. Example: true.
--   usual_days_in_stage [decimal]: Median length of stays in this stage, in days; null if it is not known. Example:
--     1.0.
--   usual_days_left [decimal]: Days that the present stage and the ones up to Committed usually still take; null if
--     that is not known. Example: 12.0.
--   life_cycle_next_steps [text]: Next steps, as the partner wrote them. Example: Call again.
--   monthly_spend [text]: Expected spend a month in every currency, as text, for example EUR 500.00, USD 1200.00; null
--     without an amount. Example: USD 40.25.
--   monthly_amount [decimal]: Expected spend a month, if there is exactly one currency; otherwise null. Example: 40.25.
--   currency_code [text]: Currency of monthly_amount, if there is exactly one; otherwise null. Example: USD.
--   reporting_amount [decimal]: Expected spend a month in all currencies, in the reporting currency; null if one
--     has no rate. Example: 40.25.
--   reporting_currency [text]: Reporting currency; null if a currency has no rate. Example: USD.
--   rate_date [date]: Oldest first day of the rates that were used; null where none was needed. Example:
--     2026-06-05.
WITH stages AS (
    SELECT
        life_cycle_stages.life_cycle_stage,
        life_cycle_stages.stage_order,
        stage_velocity.median_days
    FROM life_cycle_stages
    LEFT JOIN stage_velocity ON stage_velocity.life_cycle_stage = life_cycle_stages.life_cycle_stage
    WHERE NOT life_cycle_stages.is_closed
), usual AS (
    SELECT
        stages.life_cycle_stage,
        stages.median_days,
        SUM(stages.median_days) OVER (
            ORDER BY stages.stage_order ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS later_days,
        COUNT(*) OVER (ORDER BY stages.stage_order ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
            AS later_stages,
        COUNT(stages.median_days) OVER (
            ORDER BY stages.stage_order ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS later_known
    FROM stages
)
SELECT
    opportunity_current.id,
    opportunity_current.customer_company_name,
    opportunity_current.owner,
    opportunity_current.life_cycle_stage,
    opportunity_current.review_standing,
    opportunity_current.is_validated,
    opportunity_current.life_cycle_target_close_date,
    opportunity_current.days_to_target_close,
    opportunity_current.days_to_target_close < 0 AS is_overdue,
    COALESCE(close_date_slips.times_slipped, 0) AS times_slipped,
    COALESCE(close_date_slips.days_slipped, 0) AS days_slipped,
    opportunity_current.days_unchanged,
    opportunity_current.days_in_stage,
    opportunity_current.stage_since_is_seen AS days_in_stage_are_exact,
    usual.median_days AS usual_days_in_stage,
    CASE WHEN usual.median_days IS NOT NULL AND usual.later_known = usual.later_stages
        THEN COALESCE(usual.later_days, 0) + CASE
            WHEN usual.median_days > opportunity_current.days_in_stage
                THEN usual.median_days - opportunity_current.days_in_stage
            ELSE 0
        END
    END AS usual_days_left,
    opportunity_current.life_cycle_next_steps,
    opportunity_current.monthly_spend,
    opportunity_current.monthly_amount,
    opportunity_current.currency_code,
    opportunity_current.reporting_amount,
    opportunity_current.reporting_currency,
    opportunity_current.rate_date
FROM opportunity_current
CROSS JOIN data_as_of
LEFT JOIN close_date_slips ON close_date_slips.id = opportunity_current.id
LEFT JOIN usual ON usual.life_cycle_stage = opportunity_current.life_cycle_stage
WHERE
    opportunity_current.is_pipeline
    AND DATE_TRUNC('quarter', CAST(opportunity_current.life_cycle_target_close_date AS DATE))
        = DATE_TRUNC('quarter', CAST(data_as_of.as_of_date AS DATE))
ORDER BY
    opportunity_current.life_cycle_target_close_date,
    opportunity_current.monthly_amount DESC NULLS LAST,
    opportunity_current.id
