-- Which versions of each opportunity were seen, and from when until when was each of them valid?
--
-- Definition: one row per version in opportunity_history, with the time in which it was the newest. An opportunity
-- without a version there has one row, from opportunities. To see the account as it was at a moment, select the rows
-- with valid_from at or before the moment, and valid_until null or after it. valid_from is LastModifiedDate. AWS
-- changes some members, such as the review status, without moving that date. Such a version is valid from when a sync
-- first saw it. is_pipeline and is_validated are as in opportunity_standing, of the stage and the review status of the
-- version.
-- Pitfalls: history begins with the first sync, and of several versions between two syncs only the last one was seen.
-- If valid_from_is_seen is false, what the version says may have been so before valid_from, back to created_date. A
-- version that was replaced at once has the same moment in valid_from and valid_until.
--
-- Columns:
--   id [text]: AWS's identifier of the opportunity. Example: G7.
--   version_number [integer]: Number of the version among those of the opportunity, from 1 in order of time. Example:
--     1.
--   customer_company_name [text]: Company name of the customer. Example: Acme.
--   created_date [timestamp]: When the opportunity was created in AWS. Example: 2026-06-02 08:00 UTC.
--   life_cycle_stage [text]: Stage of the version; null if AWS sent none. Example: Qualified.
--   stage_order [integer]: Place of the stage in the usual order, from 1; null for a stage that life_cycle_stages does
--     not list. Example: 2.
--   is_open [boolean]: True if the stage is neither Launched nor Closed Lost. Example: true.
--   life_cycle_review_status [text]: AWS's review status of the version. Example: In review.
--   review_standing [text]: Where it stands in AWS's review: approved, in review, action required, not submitted,
--     rejected, or unknown. Example: unknown.
--   is_pipeline [boolean]: True if it is open, and neither rejected nor still to be submitted. Example: true.
--   is_validated [boolean]: True for the part of the pipeline that AWS approved. Example: true.
--   life_cycle_target_close_date [date]: Day on which the deal was expected to close. Example: 2026-08-15.
--   project_expected_customer_spend [text]: Expected spend as text, as in opportunity_history; null for an opportunity
--     without a version there. Example: 10.00 USD Monthly.
--   valid_from [timestamp]: When the version began: LastModifiedDate, or when a sync first saw it if that date had not
--     moved. Example: 2026-06-10 12:00 UTC.
--   valid_from_is_seen [boolean]: False for the first version that was seen, unless the opportunity was just created
--     with it. Example: true.
--   first_seen_at [timestamp]: When a sync first saw the version; null for an opportunity without a version in
--     opportunity_history. Example: 2026-06-10 12:30 UTC.
--   valid_until [timestamp]: When the next version began, or when the opportunity was gone; null while it is valid.
--     Example: 2026-06-07 12:45 UTC.
--   is_newest [boolean]: True for the newest version. Example: true.
WITH known AS (
    SELECT DISTINCT id FROM opportunity_history
), entries AS (
    SELECT
        id,
        customer_company_name,
        created_date,
        life_cycle_stage,
        life_cycle_review_status,
        life_cycle_target_close_date,
        project_expected_customer_spend,
        last_modified_date,
        read_order,
        first_seen_at
    FROM opportunity_history
    UNION ALL
    SELECT
        opportunities.id,
        opportunities.customer_company_name,
        opportunities.created_date,
        opportunities.life_cycle_stage,
        opportunities.life_cycle_review_status,
        opportunities.life_cycle_target_close_date,
        CAST(NULL AS TEXT) AS project_expected_customer_spend,
        opportunities.last_modified_date,
        CAST(0 AS BIGINT) AS read_order,
        CAST(NULL AS TIMESTAMPTZ) AS first_seen_at
    FROM opportunities
    LEFT JOIN known ON known.id = opportunities.id
    WHERE known.id IS NULL
), numbered AS (
    SELECT
        id,
        customer_company_name,
        created_date,
        life_cycle_stage,
        life_cycle_review_status,
        life_cycle_target_close_date,
        project_expected_customer_spend,
        last_modified_date,
        first_seen_at,
        ROW_NUMBER() OVER (PARTITION BY id ORDER BY last_modified_date, read_order) AS version_number,
        COUNT(*) OVER (PARTITION BY id) AS versions,
        LAG(last_modified_date) OVER (PARTITION BY id ORDER BY last_modified_date, read_order) AS previous_date
    FROM entries
), begun AS (
    SELECT
        numbered.id,
        numbered.version_number,
        CASE
            WHEN numbered.last_modified_date = numbered.previous_date
                AND numbered.first_seen_at > numbered.last_modified_date
                THEN CASE WHEN numbered.first_seen_at > data_as_of.as_of
                    THEN data_as_of.as_of
                    ELSE numbered.first_seen_at
                END
            ELSE numbered.last_modified_date
        END AS begun_at
    FROM numbered
    CROSS JOIN data_as_of
), dated AS (
    SELECT
        id,
        version_number,
        MIN(begun_at) OVER (
            PARTITION BY id ORDER BY version_number DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS valid_from
    FROM begun
), ended AS (
    SELECT
        id,
        version_number,
        valid_from,
        LEAD(valid_from) OVER (PARTITION BY id ORDER BY version_number) AS replaced_at
    FROM dated
)
SELECT
    numbered.id,
    numbered.version_number,
    numbered.customer_company_name,
    numbered.created_date,
    numbered.life_cycle_stage,
    life_cycle_stages.stage_order,
    NOT COALESCE(life_cycle_stages.is_closed, FALSE) AS is_open,
    numbered.life_cycle_review_status,
    COALESCE(review_statuses.review_standing, 'unknown') AS review_standing,
    NOT COALESCE(life_cycle_stages.is_closed, FALSE)
        AND COALESCE(review_statuses.counts_as_pipeline, TRUE) AS is_pipeline,
    NOT COALESCE(life_cycle_stages.is_closed, FALSE)
        AND COALESCE(review_statuses.counts_as_validated, FALSE) AS is_validated,
    numbered.life_cycle_target_close_date,
    numbered.project_expected_customer_spend,
    ended.valid_from,
    numbered.version_number > 1
        OR COALESCE(numbered.last_modified_date = numbered.created_date, FALSE) AS valid_from_is_seen,
    numbered.first_seen_at,
    COALESCE(ended.replaced_at, opportunity_presence.gone_since) AS valid_until,
    numbered.version_number = numbered.versions AS is_newest
FROM numbered
JOIN ended ON ended.id = numbered.id AND ended.version_number = numbered.version_number
LEFT JOIN life_cycle_stages ON life_cycle_stages.life_cycle_stage = numbered.life_cycle_stage
LEFT JOIN review_statuses ON review_statuses.life_cycle_review_status = numbered.life_cycle_review_status
LEFT JOIN opportunity_presence ON opportunity_presence.id = numbered.id
ORDER BY ended.valid_from DESC, numbered.id
