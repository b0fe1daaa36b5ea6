-- What has changed, from what to what, and when?
--
-- Definition: one row per change. The column what names its kind: new, first seen, gone, or the member that changed. A
-- member has the words of its column in opportunity_history without life_cycle and project, such as stage or next
-- steps. New means created after the first sync. First seen means older, and this is the first version seen. Other
-- means that a version has no change of these members: of one that came later, or AWS moved LastModifiedDate only.
-- changed_at is AWS's LastModifiedDate. For a new opportunity it is CreatedDate, and for one that is gone it is
-- gone_since. first_seen_at is when a sync saw the change. A version that changed two members has two rows. AWS changes
-- some members, such as the review status, without moving LastModifiedDate. Such versions are in the order in which
-- they were read.
-- Pitfalls: only what syncs have seen. Of several versions between two syncs, that is the last one. After the first
-- sync, every opportunity is first seen. If order_is_known in opportunity_history is false, old and new value can be
-- the wrong way round. What a person wrote can be long.
--
-- Columns:
--   id [text]: AWS's identifier of the opportunity. Example: G7.
--   customer_company_name [text]: Company name of the customer in the version with the change; for one that is gone,
--     the last one seen. Example: Acme.
--   what [text]: Kind of change: new, first seen, gone, other, or the member that changed, such as stage, review
--     status, target close date, expected spend, or next steps. Example: first seen.
--   old_value [text]: Value before the change, as text; null for new, first seen and other. For gone, the last stage
--     seen. Example: 2026-07-31.
--   new_value [text]: Value after the change, as text; for new and first seen, the stage. Null for other and gone.
--     Example: 2026-08-15.
--   changed_at [timestamp]: When it changed: AWS's LastModifiedDate, or CreatedDate for new, or gone_since for gone.
--     Example: 2026-06-10 12:00 UTC.
--   first_seen_at [timestamp]: When a sync first saw the change; for gone, gone_since. Example: 2026-06-10 12:30 UTC.
WITH beginning AS (
    SELECT MIN(watermark) AS watermark
    FROM sync_runs
    WHERE scope = 'all'
), numbered AS (
    SELECT
        id,
        last_modified_date,
        read_order,
        content_hash,
        ROW_NUMBER() OVER (PARTITION BY id ORDER BY last_modified_date, read_order) AS version_number,
        LAG(last_modified_date) OVER (PARTITION BY id ORDER BY last_modified_date, read_order) AS previous_date,
        LAG(read_order) OVER (PARTITION BY id ORDER BY last_modified_date, read_order) AS previous_order,
        LAG(content_hash) OVER (PARTITION BY id ORDER BY last_modified_date, read_order) AS previous_hash
    FROM opportunity_history
), pairs AS (  -- each version with the one before; a digit of differs is 1 where the member of that number differs
    SELECT
        versions.id,
        versions.last_modified_date,
        versions.first_seen_at,
        numbered.previous_date IS DISTINCT FROM numbered.last_modified_date
            OR numbered.previous_hash IS DISTINCT FROM numbered.content_hash AS is_another,
        CONCAT(
            CASE WHEN previous.arn IS DISTINCT FROM versions.arn THEN '1' ELSE '0' END,
            CASE WHEN previous.catalog IS DISTINCT FROM versions.catalog THEN '1' ELSE '0' END,
            CASE WHEN previous.life_cycle_closed_lost_reason
                IS DISTINCT FROM versions.life_cycle_closed_lost_reason THEN '1' ELSE '0' END,
            CASE WHEN previous.project_expected_contract_duration_term
                IS DISTINCT FROM versions.project_expected_contract_duration_term THEN '1' ELSE '0' END,
            CASE WHEN previous.project_expected_contract_duration_value
                IS DISTINCT FROM versions.project_expected_contract_duration_value THEN '1' ELSE '0' END,
            CASE WHEN previous.created_date IS DISTINCT FROM versions.created_date THEN '1' ELSE '0' END,
            CASE WHEN previous.customer_city IS DISTINCT FROM versions.customer_city THEN '1' ELSE '0' END,
            CASE WHEN previous.customer_company_name
                IS DISTINCT FROM versions.customer_company_name THEN '1' ELSE '0' END,
            CASE WHEN previous.customer_country_code
                IS DISTINCT FROM versions.customer_country_code THEN '1' ELSE '0' END,
            CASE WHEN previous.customer_industry IS DISTINCT FROM versions.customer_industry THEN '1' ELSE '0' END,
            CASE WHEN previous.customer_other_industry
                IS DISTINCT FROM versions.customer_other_industry THEN '1' ELSE '0' END,
            CASE WHEN previous.customer_postal_code
                IS DISTINCT FROM versions.customer_postal_code THEN '1' ELSE '0' END,
            CASE WHEN previous.customer_state_or_region
                IS DISTINCT FROM versions.customer_state_or_region THEN '1' ELSE '0' END,
            CASE WHEN previous.customer_website_url
                IS DISTINCT FROM versions.customer_website_url THEN '1' ELSE '0' END,
            CASE WHEN previous.project_delivery_models
                IS DISTINCT FROM versions.project_delivery_models THEN '1' ELSE '0' END,
            CASE WHEN previous.project_expected_customer_spend
                IS DISTINCT FROM versions.project_expected_customer_spend THEN '1' ELSE '0' END,
            CASE WHEN previous.life_cycle_next_steps
                IS DISTINCT FROM versions.life_cycle_next_steps THEN '1' ELSE '0' END,
            CASE WHEN previous.opportunity_type IS DISTINCT FROM versions.opportunity_type THEN '1' ELSE '0' END,
            CASE WHEN previous.partner_opportunity_identifier
                IS DISTINCT FROM versions.partner_opportunity_identifier THEN '1' ELSE '0' END,
            CASE WHEN previous.life_cycle_review_comments
                IS DISTINCT FROM versions.life_cycle_review_comments THEN '1' ELSE '0' END,
            CASE WHEN previous.life_cycle_review_status
                IS DISTINCT FROM versions.life_cycle_review_status THEN '1' ELSE '0' END,
            CASE WHEN previous.life_cycle_review_status_reason
                IS DISTINCT FROM versions.life_cycle_review_status_reason THEN '1' ELSE '0' END,
            CASE WHEN previous.life_cycle_stage IS DISTINCT FROM versions.life_cycle_stage THEN '1' ELSE '0' END,
            CASE WHEN previous.life_cycle_target_close_date
                IS DISTINCT FROM versions.life_cycle_target_close_date THEN '1' ELSE '0' END
        ) AS differs,
        versions.arn,
        versions.catalog,
        versions.life_cycle_closed_lost_reason,
        versions.project_expected_contract_duration_term,
        versions.project_expected_contract_duration_value,
        versions.created_date,
        versions.customer_city,
        versions.customer_company_name,
        versions.customer_country_code,
        versions.customer_industry,
        versions.customer_other_industry,
        versions.customer_postal_code,
        versions.customer_state_or_region,
        versions.customer_website_url,
        versions.project_delivery_models,
        versions.project_expected_customer_spend,
        versions.life_cycle_next_steps,
        versions.opportunity_type,
        versions.partner_opportunity_identifier,
        versions.life_cycle_review_comments,
        versions.life_cycle_review_status,
        versions.life_cycle_review_status_reason,
        versions.life_cycle_stage,
        versions.life_cycle_target_close_date,
        previous.arn AS previous_arn,
        previous.catalog AS previous_catalog,
        previous.life_cycle_closed_lost_reason AS previous_life_cycle_closed_lost_reason,
        previous.project_expected_contract_duration_term AS previous_project_expected_contract_duration_term,
        previous.project_expected_contract_duration_value AS previous_project_expected_contract_duration_value,
        previous.created_date AS previous_created_date,
        previous.customer_city AS previous_customer_city,
        previous.customer_company_name AS previous_customer_company_name,
        previous.customer_country_code AS previous_customer_country_code,
        previous.customer_industry AS previous_customer_industry,
        previous.customer_other_industry AS previous_customer_other_industry,
        previous.customer_postal_code AS previous_customer_postal_code,
        previous.customer_state_or_region AS previous_customer_state_or_region,
        previous.customer_website_url AS previous_customer_website_url,
        previous.project_delivery_models AS previous_project_delivery_models,
        previous.project_expected_customer_spend AS previous_project_expected_customer_spend,
        previous.life_cycle_next_steps AS previous_life_cycle_next_steps,
        previous.opportunity_type AS previous_opportunity_type,
        previous.partner_opportunity_identifier AS previous_partner_opportunity_identifier,
        previous.life_cycle_review_comments AS previous_life_cycle_review_comments,
        previous.life_cycle_review_status AS previous_life_cycle_review_status,
        previous.life_cycle_review_status_reason AS previous_life_cycle_review_status_reason,
        previous.life_cycle_stage AS previous_life_cycle_stage,
        previous.life_cycle_target_close_date AS previous_life_cycle_target_close_date
    FROM numbered
    JOIN opportunity_history AS versions
        ON versions.id = numbered.id
            AND versions.last_modified_date = numbered.last_modified_date
            AND COALESCE(versions.read_order, 0) = COALESCE(numbered.read_order, 0)
            AND versions.content_hash = numbered.content_hash
    JOIN opportunity_history AS previous
        ON previous.id = numbered.id
            AND previous.last_modified_date = numbered.previous_date
            AND COALESCE(previous.read_order, 0) = COALESCE(numbered.previous_order, 0)
            AND previous.content_hash = numbered.previous_hash
), members AS (
    SELECT 0 AS number, 'other' AS what
    UNION ALL SELECT 1, 'arn'
    UNION ALL SELECT 2, 'catalog'
    UNION ALL SELECT 3, 'closed lost reason'
    UNION ALL SELECT 4, 'contract duration term'
    UNION ALL SELECT 5, 'contract duration value'
    UNION ALL SELECT 6, 'created date'
    UNION ALL SELECT 7, 'customer city'
    UNION ALL SELECT 8, 'customer company name'
    UNION ALL SELECT 9, 'customer country code'
    UNION ALL SELECT 10, 'customer industry'
    UNION ALL SELECT 11, 'customer other industry'
    UNION ALL SELECT 12, 'customer postal code'
    UNION ALL SELECT 13, 'customer state or region'
    UNION ALL SELECT 14, 'customer website url'
    UNION ALL SELECT 15, 'delivery models'
    UNION ALL SELECT 16, 'expected spend'
    UNION ALL SELECT 17, 'next steps'
    UNION ALL SELECT 18, 'opportunity type'
    UNION ALL SELECT 19, 'partner opportunity identifier'
    UNION ALL SELECT 20, 'review comments'
    UNION ALL SELECT 21, 'review status'
    UNION ALL SELECT 22, 'review status reason'
    UNION ALL SELECT 23, 'stage'
    UNION ALL SELECT 24, 'target close date'
), found AS (
    SELECT
        versions.id,
        versions.customer_company_name,
        CASE WHEN versions.created_date > beginning.watermark THEN 'new' ELSE 'first seen' END AS what,
        CAST(NULL AS TEXT) AS old_value,
        versions.life_cycle_stage AS new_value,
        CASE WHEN versions.created_date > beginning.watermark
            THEN versions.created_date
            ELSE versions.last_modified_date
        END AS changed_at,
        versions.first_seen_at
    FROM numbered
    JOIN opportunity_history AS versions
        ON versions.id = numbered.id
            AND versions.last_modified_date = numbered.last_modified_date
            AND COALESCE(versions.read_order, 0) = COALESCE(numbered.read_order, 0)
            AND versions.content_hash = numbered.content_hash
    CROSS JOIN beginning
    WHERE numbered.version_number = 1
    UNION ALL
    SELECT
        pairs.id,
        pairs.customer_company_name,
        members.what,
        CASE members.number
            WHEN 1 THEN pairs.previous_arn
            WHEN 2 THEN pairs.previous_catalog
            WHEN 3 THEN pairs.previous_life_cycle_closed_lost_reason
            WHEN 4 THEN pairs.previous_project_expected_contract_duration_term
            WHEN 5 THEN CAST(pairs.previous_project_expected_contract_duration_value AS TEXT)
            WHEN 6 THEN CAST(pairs.previous_created_date AT TIME ZONE 'UTC' AS TEXT)
            WHEN 7 THEN pairs.previous_customer_city
            WHEN 8 THEN pairs.previous_customer_company_name
            WHEN 9 THEN pairs.previous_customer_country_code
            WHEN 10 THEN pairs.previous_customer_industry
            WHEN 11 THEN pairs.previous_customer_other_industry
            WHEN 12 THEN pairs.previous_customer_postal_code
            WHEN 13 THEN pairs.previous_customer_state_or_region
            WHEN 14 THEN pairs.previous_customer_website_url
            WHEN 15 THEN pairs.previous_project_delivery_models
            WHEN 16 THEN pairs.previous_project_expected_customer_spend
            WHEN 17 THEN pairs.previous_life_cycle_next_steps
            WHEN 18 THEN pairs.previous_opportunity_type
            WHEN 19 THEN pairs.previous_partner_opportunity_identifier
            WHEN 20 THEN pairs.previous_life_cycle_review_comments
            WHEN 21 THEN pairs.previous_life_cycle_review_status
            WHEN 22 THEN pairs.previous_life_cycle_review_status_reason
            WHEN 23 THEN pairs.previous_life_cycle_stage
            WHEN 24 THEN CAST(pairs.previous_life_cycle_target_close_date AS TEXT)
        END AS old_value,
        CASE members.number
            WHEN 1 THEN pairs.arn
            WHEN 2 THEN pairs.catalog
            WHEN 3 THEN pairs.life_cycle_closed_lost_reason
            WHEN 4 THEN pairs.project_expected_contract_duration_term
            WHEN 5 THEN CAST(pairs.project_expected_contract_duration_value AS TEXT)
            WHEN 6 THEN CAST(pairs.created_date AT TIME ZONE 'UTC' AS TEXT)
            WHEN 7 THEN pairs.customer_city
            WHEN 8 THEN pairs.customer_company_name
            WHEN 9 THEN pairs.customer_country_code
            WHEN 10 THEN pairs.customer_industry
            WHEN 11 THEN pairs.customer_other_industry
            WHEN 12 THEN pairs.customer_postal_code
            WHEN 13 THEN pairs.customer_state_or_region
            WHEN 14 THEN pairs.customer_website_url
            WHEN 15 THEN pairs.project_delivery_models
            WHEN 16 THEN pairs.project_expected_customer_spend
            WHEN 17 THEN pairs.life_cycle_next_steps
            WHEN 18 THEN pairs.opportunity_type
            WHEN 19 THEN pairs.partner_opportunity_identifier
            WHEN 20 THEN pairs.life_cycle_review_comments
            WHEN 21 THEN pairs.life_cycle_review_status
            WHEN 22 THEN pairs.life_cycle_review_status_reason
            WHEN 23 THEN pairs.life_cycle_stage
            WHEN 24 THEN CAST(pairs.life_cycle_target_close_date AS TEXT)
        END AS new_value,
        pairs.last_modified_date AS changed_at,
        pairs.first_seen_at
    FROM pairs
    CROSS JOIN members
    WHERE
        CASE
            WHEN members.number > 0 THEN SUBSTRING(pairs.differs, members.number, 1) = '1'
            ELSE pairs.is_another AND pairs.differs = '000000000000000000000000'
        END
    UNION ALL
    SELECT
        opportunity_presence.id,
        opportunities.customer_company_name,
        'gone' AS what,
        opportunities.life_cycle_stage AS old_value,
        CAST(NULL AS TEXT) AS new_value,
        opportunity_presence.gone_since AS changed_at,
        opportunity_presence.gone_since AS first_seen_at
    FROM opportunity_presence
    LEFT JOIN opportunities ON opportunities.id = opportunity_presence.id
    WHERE opportunity_presence.gone_since IS NOT NULL
)
SELECT id, customer_company_name, what, old_value, new_value, changed_at, first_seen_at
FROM found
ORDER BY changed_at DESC, id, what
