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
--   id: AWS's identifier of the opportunity.
--   customer_company_name: Company name of the customer in the version with the change; for one that is gone, the last
--     one seen.
--   what: Kind of change: new, first seen, gone, other, or the member that changed, such as stage, review status,
--     target close date, expected spend, or next steps.
--   old_value: Value before the change, as text; null for new, first seen and other. For gone, the last stage seen.
--   new_value: Value after the change, as text; for new and first seen, the stage. Null for other and gone.
--   changed_at: When it changed: AWS's LastModifiedDate, or CreatedDate for new, or gone_since for gone.
--   first_seen_at: When a sync first saw the change; for gone, gone_since.
WITH beginning AS (
    SELECT MIN(watermark) AS watermark
    FROM sync_runs
    WHERE scope = 'all'
), versions AS (
    SELECT
        id,
        last_modified_date,
        first_seen_at,
        content_hash,
        arn,
        catalog,
        life_cycle_closed_lost_reason,
        project_expected_contract_duration_term,
        project_expected_contract_duration_value,
        created_date,
        customer_city,
        customer_company_name,
        customer_country_code,
        customer_industry,
        customer_other_industry,
        customer_postal_code,
        customer_state_or_region,
        customer_website_url,
        project_delivery_models,
        project_expected_customer_spend,
        life_cycle_next_steps,
        opportunity_type,
        partner_opportunity_identifier,
        life_cycle_review_comments,
        life_cycle_review_status,
        life_cycle_review_status_reason,
        life_cycle_stage,
        life_cycle_target_close_date,
        ROW_NUMBER() OVER (PARTITION BY id ORDER BY last_modified_date, read_order) AS version_number
    FROM opportunity_history
), members AS (
    SELECT 'arn' AS what
    UNION ALL SELECT 'catalog'
    UNION ALL SELECT 'closed lost reason'
    UNION ALL SELECT 'contract duration term'
    UNION ALL SELECT 'contract duration value'
    UNION ALL SELECT 'created date'
    UNION ALL SELECT 'customer city'
    UNION ALL SELECT 'customer company name'
    UNION ALL SELECT 'customer country code'
    UNION ALL SELECT 'customer industry'
    UNION ALL SELECT 'customer other industry'
    UNION ALL SELECT 'customer postal code'
    UNION ALL SELECT 'customer state or region'
    UNION ALL SELECT 'customer website url'
    UNION ALL SELECT 'delivery models'
    UNION ALL SELECT 'expected spend'
    UNION ALL SELECT 'next steps'
    UNION ALL SELECT 'opportunity type'
    UNION ALL SELECT 'partner opportunity identifier'
    UNION ALL SELECT 'review comments'
    UNION ALL SELECT 'review status'
    UNION ALL SELECT 'review status reason'
    UNION ALL SELECT 'stage'
    UNION ALL SELECT 'target close date'
), compared AS (
    SELECT
        versions.id,
        versions.version_number,
        versions.customer_company_name,
        versions.last_modified_date,
        versions.first_seen_at,
        members.what,
        CASE members.what
            WHEN 'arn' THEN previous.arn
            WHEN 'catalog' THEN previous.catalog
            WHEN 'closed lost reason' THEN previous.life_cycle_closed_lost_reason
            WHEN 'contract duration term' THEN previous.project_expected_contract_duration_term
            WHEN 'contract duration value' THEN CAST(previous.project_expected_contract_duration_value AS TEXT)
            WHEN 'created date' THEN CAST(previous.created_date AT TIME ZONE 'UTC' AS TEXT)
            WHEN 'customer city' THEN previous.customer_city
            WHEN 'customer company name' THEN previous.customer_company_name
            WHEN 'customer country code' THEN previous.customer_country_code
            WHEN 'customer industry' THEN previous.customer_industry
            WHEN 'customer other industry' THEN previous.customer_other_industry
            WHEN 'customer postal code' THEN previous.customer_postal_code
            WHEN 'customer state or region' THEN previous.customer_state_or_region
            WHEN 'customer website url' THEN previous.customer_website_url
            WHEN 'delivery models' THEN previous.project_delivery_models
            WHEN 'expected spend' THEN previous.project_expected_customer_spend
            WHEN 'next steps' THEN previous.life_cycle_next_steps
            WHEN 'opportunity type' THEN previous.opportunity_type
            WHEN 'partner opportunity identifier' THEN previous.partner_opportunity_identifier
            WHEN 'review comments' THEN previous.life_cycle_review_comments
            WHEN 'review status' THEN previous.life_cycle_review_status
            WHEN 'review status reason' THEN previous.life_cycle_review_status_reason
            WHEN 'stage' THEN previous.life_cycle_stage
            WHEN 'target close date' THEN CAST(previous.life_cycle_target_close_date AS TEXT)
        END AS old_value,
        CASE members.what
            WHEN 'arn' THEN versions.arn
            WHEN 'catalog' THEN versions.catalog
            WHEN 'closed lost reason' THEN versions.life_cycle_closed_lost_reason
            WHEN 'contract duration term' THEN versions.project_expected_contract_duration_term
            WHEN 'contract duration value' THEN CAST(versions.project_expected_contract_duration_value AS TEXT)
            WHEN 'created date' THEN CAST(versions.created_date AT TIME ZONE 'UTC' AS TEXT)
            WHEN 'customer city' THEN versions.customer_city
            WHEN 'customer company name' THEN versions.customer_company_name
            WHEN 'customer country code' THEN versions.customer_country_code
            WHEN 'customer industry' THEN versions.customer_industry
            WHEN 'customer other industry' THEN versions.customer_other_industry
            WHEN 'customer postal code' THEN versions.customer_postal_code
            WHEN 'customer state or region' THEN versions.customer_state_or_region
            WHEN 'customer website url' THEN versions.customer_website_url
            WHEN 'delivery models' THEN versions.project_delivery_models
            WHEN 'expected spend' THEN versions.project_expected_customer_spend
            WHEN 'next steps' THEN versions.life_cycle_next_steps
            WHEN 'opportunity type' THEN versions.opportunity_type
            WHEN 'partner opportunity identifier' THEN versions.partner_opportunity_identifier
            WHEN 'review comments' THEN versions.life_cycle_review_comments
            WHEN 'review status' THEN versions.life_cycle_review_status
            WHEN 'review status reason' THEN versions.life_cycle_review_status_reason
            WHEN 'stage' THEN versions.life_cycle_stage
            WHEN 'target close date' THEN CAST(versions.life_cycle_target_close_date AS TEXT)
        END AS new_value,
        previous.last_modified_date IS DISTINCT FROM versions.last_modified_date
            OR previous.content_hash IS DISTINCT FROM versions.content_hash AS is_another
    FROM versions
    JOIN versions AS previous
        ON previous.id = versions.id AND previous.version_number = versions.version_number - 1
    CROSS JOIN members
), others AS (
    SELECT id, version_number, customer_company_name, last_modified_date, first_seen_at
    FROM compared
    WHERE is_another
    GROUP BY id, version_number, customer_company_name, last_modified_date, first_seen_at
    HAVING COUNT(CASE WHEN old_value IS DISTINCT FROM new_value THEN 1 END) = 0
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
    FROM versions
    CROSS JOIN beginning
    WHERE versions.version_number = 1
    UNION ALL
    SELECT id, customer_company_name, what, old_value, new_value, last_modified_date AS changed_at, first_seen_at
    FROM compared
    WHERE old_value IS DISTINCT FROM new_value
    UNION ALL
    SELECT
        id,
        customer_company_name,
        'other' AS what,
        CAST(NULL AS TEXT) AS old_value,
        CAST(NULL AS TEXT) AS new_value,
        last_modified_date AS changed_at,
        first_seen_at
    FROM others
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
