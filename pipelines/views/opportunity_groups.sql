-- Which groups does each opportunity belong to?
--
-- Definition: one row per opportunity, dimension and value. A dimension is what the opportunities are grouped by, and
-- the value is the group. An opportunity without a value has one row with null in the dimension. With several owners,
-- AWS sellers, delivery models or solutions it has a row for each. An AWS seller is an AWSSalesRep or AWSAccountOwner
-- of the team in aws_opportunity_summaries, or else of the team that the search found.
-- Pitfalls: never count rows over several values, since an opportunity can be in more than one. People are known by
-- their names only, so two people of one name are one. With pii = mask or drop, nobody is known as owner or AWS seller,
-- because titles are concealed too. A value is null if its stream is off.
--
-- Columns:
--   dimension [text]: What the opportunities are grouped by: a column of opportunity_current, or owner, aws_seller,
--     delivery_model or solution. Example: aws_seller.
--   value [text]: The group, as text; null for an opportunity without one. A quality_score is one of four ranges.
--     Example: Al Ash.
--   id [text]: AWS's identifier of the opportunity. Example: A1.
--   is_pipeline [boolean]: True if it is open, not gone, and neither rejected nor still to be submitted. Example: true.
--   is_validated [boolean]: True for the part of the pipeline that AWS approved. Example: true.
--   is_won [boolean]: True if its stage is Launched. Example: true.
--   is_lost [boolean]: True if its stage is Closed Lost. Example: true.
WITH dimensions AS (
    SELECT 'customer_company_name' AS dimension
    UNION ALL SELECT 'customer_industry'
    UNION ALL SELECT 'customer_country_code'
    UNION ALL SELECT 'opportunity_type'
    UNION ALL SELECT 'origin'
    UNION ALL SELECT 'involvement_type'
    UNION ALL SELECT 'engagement_score'
    UNION ALL SELECT 'cosell_motion'
    UNION ALL SELECT 'quality_score'
), people AS (
    SELECT
        opportunity_id,
        business_title,
        TRIM(COALESCE(first_name, '') || ' ' || COALESCE(last_name, '')) AS name
    FROM opportunity_search_summaries__opportunity_team
    WHERE COALESCE(first_name, last_name) IS NOT NULL
), aws_people AS (
    SELECT DISTINCT
        opportunity_id,
        TRIM(COALESCE(first_name, '') || ' ' || COALESCE(last_name, '')) AS name
    FROM aws_opportunity_summaries__opportunity_team
    WHERE COALESCE(first_name, last_name) IS NOT NULL AND business_title IN ('AWSSalesRep', 'AWSAccountOwner')
), named_by_aws AS (
    SELECT DISTINCT opportunity_id
    FROM aws_people
), owners AS (
    SELECT DISTINCT opportunity_id, name
    FROM people
    WHERE business_title = 'OpportunityOwner'
), sellers AS (
    SELECT opportunity_id, name
    FROM aws_people
    UNION ALL
    SELECT DISTINCT people.opportunity_id, people.name
    FROM people
    LEFT JOIN named_by_aws ON named_by_aws.opportunity_id = people.opportunity_id
    WHERE people.business_title IN ('AWSSalesRep', 'AWSAccountOwner') AND named_by_aws.opportunity_id IS NULL
), solution_names AS (
    SELECT DISTINCT related.opportunity_id, COALESCE(solutions.name, related.value) AS name
    FROM opportunity_search_summaries__related_solutions AS related
    LEFT JOIN solutions ON solutions.id = related.value
), models AS (
    SELECT DISTINCT opportunity_id, value AS name
    FROM opportunities__project_delivery_models
), grouped AS (
    SELECT
        dimensions.dimension,
        CASE dimensions.dimension
            WHEN 'customer_company_name' THEN opportunity_current.customer_company_name
            WHEN 'customer_industry' THEN opportunity_current.customer_industry
            WHEN 'customer_country_code' THEN opportunity_current.customer_country_code
            WHEN 'opportunity_type' THEN opportunity_current.opportunity_type
            WHEN 'origin' THEN opportunity_current.origin
            WHEN 'involvement_type' THEN opportunity_current.involvement_type
            WHEN 'engagement_score' THEN opportunity_current.engagement_score
            WHEN 'cosell_motion' THEN opportunity_current.cosell_motion
            WHEN 'quality_score' THEN
                CASE
                    WHEN opportunity_current.quality_score < 25 THEN '0 to 24'
                    WHEN opportunity_current.quality_score < 50 THEN '25 to 49'
                    WHEN opportunity_current.quality_score < 75 THEN '50 to 74'
                    WHEN opportunity_current.quality_score >= 75 THEN '75 to 100'
                END
        END AS value,
        opportunity_current.id
    FROM opportunity_current
    CROSS JOIN dimensions
    UNION ALL
    SELECT 'owner' AS dimension, owners.name AS value, opportunities.id
    FROM opportunities
    LEFT JOIN owners ON owners.opportunity_id = opportunities.id
    UNION ALL
    SELECT 'aws_seller' AS dimension, sellers.name AS value, opportunities.id
    FROM opportunities
    LEFT JOIN sellers ON sellers.opportunity_id = opportunities.id
    UNION ALL
    SELECT 'delivery_model' AS dimension, models.name AS value, opportunities.id
    FROM opportunities
    LEFT JOIN models ON models.opportunity_id = opportunities.id
    UNION ALL
    SELECT 'solution' AS dimension, solution_names.name AS value, opportunities.id
    FROM opportunities
    LEFT JOIN solution_names ON solution_names.opportunity_id = opportunities.id
)
SELECT
    grouped.dimension,
    grouped.value,
    grouped.id,
    opportunity_standing.is_pipeline,
    opportunity_standing.is_validated,
    COALESCE(opportunity_standing.life_cycle_stage = 'Launched', FALSE) AS is_won,
    COALESCE(opportunity_standing.life_cycle_stage = 'Closed Lost', FALSE) AS is_lost
FROM grouped
JOIN opportunity_standing ON opportunity_standing.id = grouped.id
ORDER BY grouped.dimension, grouped.value, grouped.id
