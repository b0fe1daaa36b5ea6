-- What has changed, from what to what, and when?
--
-- Definition: one row per change. The column what names its kind: new, first seen, stage, review status, target close
-- date, expected spend, other, or gone. New means created after the first sync. First seen means older, and this is the
-- first version seen. Other means none of the named columns. changed_at is AWS's LastModifiedDate. For a new
-- opportunity it is CreatedDate, and for one that is gone it is gone_since. first_seen_at is when a sync saw the
-- change. A version that changed two columns has two rows. AWS changes some members, such as the review status, without
-- moving LastModifiedDate. Such versions are in the order in which they were read.
-- Pitfalls: only what syncs have seen. Of several versions between two syncs, that is the last one. After the first
-- sync, every opportunity is first seen. If order_is_known in opportunity_history is false, old and new value can be
-- the wrong way round.
--
-- Columns:
--   id: AWS's identifier of the opportunity.
--   customer_company_name: Company name of the customer in the version with the change; for one that is gone, the last
--     one seen.
--   what: Kind of change: new, first seen, stage, review status, target close date, expected spend, other, or gone.
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
        customer_company_name,
        created_date,
        last_modified_date,
        first_seen_at,
        life_cycle_stage,
        life_cycle_review_status,
        life_cycle_target_close_date,
        project_expected_customer_spend,
        content_hash,
        ROW_NUMBER() OVER (PARTITION BY id ORDER BY last_modified_date, read_order) AS version_number
    FROM opportunity_history
), pairs AS (
    SELECT
        versions.id,
        versions.customer_company_name,
        versions.last_modified_date,
        versions.first_seen_at,
        previous.life_cycle_stage AS old_stage,
        versions.life_cycle_stage AS new_stage,
        previous.life_cycle_review_status AS old_status,
        versions.life_cycle_review_status AS new_status,
        CAST(previous.life_cycle_target_close_date AS TEXT) AS old_target,
        CAST(versions.life_cycle_target_close_date AS TEXT) AS new_target,
        previous.project_expected_customer_spend AS old_spend,
        versions.project_expected_customer_spend AS new_spend,
        previous.last_modified_date IS DISTINCT FROM versions.last_modified_date
            OR previous.content_hash IS DISTINCT FROM versions.content_hash AS is_another
    FROM versions
    JOIN versions AS previous
        ON previous.id = versions.id AND previous.version_number = versions.version_number - 1
)
SELECT
    id,
    customer_company_name,
    CASE WHEN created_date > beginning.watermark THEN 'new' ELSE 'first seen' END AS what,
    CAST(NULL AS TEXT) AS old_value,
    life_cycle_stage AS new_value,
    CASE WHEN created_date > beginning.watermark THEN created_date ELSE last_modified_date END AS changed_at,
    first_seen_at
FROM versions
CROSS JOIN beginning
WHERE version_number = 1
UNION ALL
SELECT id, customer_company_name, 'stage', old_stage, new_stage, last_modified_date, first_seen_at
FROM pairs
WHERE old_stage IS DISTINCT FROM new_stage
UNION ALL
SELECT id, customer_company_name, 'review status', old_status, new_status, last_modified_date, first_seen_at
FROM pairs
WHERE old_status IS DISTINCT FROM new_status
UNION ALL
SELECT id, customer_company_name, 'target close date', old_target, new_target, last_modified_date, first_seen_at
FROM pairs
WHERE old_target IS DISTINCT FROM new_target
UNION ALL
SELECT id, customer_company_name, 'expected spend', old_spend, new_spend, last_modified_date, first_seen_at
FROM pairs
WHERE old_spend IS DISTINCT FROM new_spend
UNION ALL
SELECT id, customer_company_name, 'other', NULL, NULL, last_modified_date, first_seen_at
FROM pairs
WHERE
    is_another
    AND old_stage IS NOT DISTINCT FROM new_stage
    AND old_status IS NOT DISTINCT FROM new_status
    AND old_target IS NOT DISTINCT FROM new_target
    AND old_spend IS NOT DISTINCT FROM new_spend
UNION ALL
SELECT
    opportunity_presence.id,
    opportunities.customer_company_name,
    'gone',
    opportunities.life_cycle_stage,
    NULL,
    opportunity_presence.gone_since,
    opportunity_presence.gone_since
FROM opportunity_presence
LEFT JOIN opportunities ON opportunities.id = opportunity_presence.id
WHERE opportunity_presence.gone_since IS NOT NULL
