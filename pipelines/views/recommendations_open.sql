-- What does AWS recommend to do on the open deals?
--
-- Definition: one row per recommendation of AWS for an opportunity that is open and not gone. The next best actions of
-- an opportunity are one row of the type NextBestActions. The pipeline comes first, by target close date.
-- Pitfalls: AWS may have looked at the opportunity again since read_at. No date of AWS tells when it recommended
-- something. The view is empty unless aws_opportunity_summaries are loaded.
--
-- Columns:
--   id: AWS's identifier of the opportunity.
--   customer_company_name: Company name of the customer.
--   owner: Names of the owners in the partner's team, sorted; null if nobody knows them.
--   life_cycle_stage: Stage of the opportunity; null if AWS sent none.
--   review_standing: Where it stands in AWS's review, as in opportunity_current.
--   recommendation_type: Type of the recommendation, in AWS's words, or NextBestActions.
--   recommendation: What AWS recommends.
--   engagement_score: AWS's engagement score: High, Medium or Low.
--   quality_score: AWS's score of the opportunity's quality, from 0 to 100.
--   life_cycle_target_close_date: Day on which the deal is expected to close.
--   monthly_spend: Expected spend a month in every currency, as text, for example EUR 500.00, USD 1200.00; null without
--     an amount.
--   read_at: When AWS's summary of the opportunity was read.
WITH recommendations AS (
    SELECT opportunity_id, type AS recommendation_type, details AS recommendation
    FROM aws_opportunity_summaries__insights_recommendations
    UNION ALL
    SELECT id AS opportunity_id, 'NextBestActions' AS recommendation_type, insights_next_best_actions AS recommendation
    FROM aws_opportunity_summaries
    WHERE insights_next_best_actions IS NOT NULL
)
SELECT
    opportunity_current.id,
    opportunity_current.customer_company_name,
    opportunity_current.owner,
    opportunity_current.life_cycle_stage,
    opportunity_current.review_standing,
    recommendations.recommendation_type,
    recommendations.recommendation,
    opportunity_current.engagement_score,
    opportunity_current.quality_score,
    opportunity_current.life_cycle_target_close_date,
    opportunity_current.monthly_spend,
    aws_opportunity_summaries.read_at
FROM recommendations
JOIN opportunity_current ON opportunity_current.id = recommendations.opportunity_id
JOIN aws_opportunity_summaries ON aws_opportunity_summaries.id = recommendations.opportunity_id
WHERE opportunity_current.is_open AND NOT opportunity_current.is_gone
ORDER BY
    opportunity_current.is_pipeline DESC,
    opportunity_current.life_cycle_target_close_date,
    opportunity_current.id,
    recommendations.recommendation_type
