-- What does AWS recommend to do on the open deals?
--
-- Definition: one row per recommendation of AWS for an opportunity that is open and not gone. The next best actions of
-- an opportunity are one row of the type NextBestActions. The pipeline comes first, by target close date.
-- Pitfalls: AWS may have looked at the opportunity again since read_at. No date of AWS tells when it recommended
-- something. The view is empty unless aws_opportunity_summaries are loaded.
--
-- Columns:
--   id [text]: AWS's identifier of the opportunity. Example: A1.
--   customer_company_name [text]: Company name of the customer. Example: Acme.
--   owner [text]: Names of the owners in the partner's team, sorted; null if nobody knows them. Example: Ada; Zoe Zhu.
--   life_cycle_stage [text]: Stage of the opportunity; null if AWS sent none. Example: Qualified.
--   review_standing [text]: Where it stands in AWS's review, as in opportunity_current. Example: in review.
--   recommendation_type [text]: Type of the recommendation, in AWS's words, or NextBestActions. Example: Funding.
--   recommendation [text]: What AWS recommends. Example: Ask for MAP.
--   engagement_score [text]: AWS's engagement score: High, Medium or Low. Example: High.
--   quality_score [integer]: AWS's score of the opportunity's quality, from 0 to 100. Example: 70.
--   life_cycle_target_close_date [date]: Day on which the deal is expected to close. Example: 2026-08-15.
--   monthly_spend [text]: Expected spend a month in every currency, as text, for example EUR 500.00, USD 1200.00; null
--     without an amount. Example: EUR 50.00, USD 1200.50.
--   read_at [timestamp]: When AWS's summary of the opportunity was read. Example: 2026-06-10 11:00 UTC.
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
