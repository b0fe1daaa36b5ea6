-- When was each opportunity created, submitted, approved, launched, or lost?
--
-- Definition: one row per opportunity and milestone that it has reached. Submitted and approved are the first time in
-- review and the first approval. An opportunity whose first version seen is in review, or further, was submitted
-- before. Launched and lost are the present stage, and reached_on is then opportunity_current.closed_on. Days are UTC
-- dates.
-- Pitfalls: history begins with the first sync. If an opportunity was first seen beyond a milestone, it was reached
-- between earliest_on and reached_on. A closing that no sync saw has an estimate in both. is_exact is false then. A
-- deal that was launched or lost and is open again has no such milestone. AWS reviews what partners originate, so AWS
-- referrals have neither submitted nor approved.
--
-- Columns:
--   id [text]: AWS's identifier of the opportunity. Example: E5.
--   customer_company_name [text]: Company name of the customer. Example: Epic.
--   milestone [text]: What was reached: created, submitted, approved, launched, or lost. Example: lost.
--   milestone_order [integer]: Place of the milestone in the usual order, from 1. Example: 5.
--   earliest_on [date]: First day on which it can have been reached; null if AWS sent no date of creation. Example:
--     2026-06-08.
--   reached_on [date]: Last day on which it can have been reached; for launched and lost, closed_on. Example:
--     2026-06-08.
--   is_exact [boolean]: True if the day is known; if false, it was reached between the two days, or reached_on is an
--     estimate. Example: true.
WITH firsts AS (
    SELECT
        id,
        MAX(CASE WHEN version_number = 1 THEN created_date END) AS created_date,
        MAX(CASE WHEN version_number = 1 THEN first_seen_at END) AS first_seen_at,
        MIN(
            CASE WHEN review_standing IN ('in review', 'action required', 'approved', 'rejected')
                THEN version_number
            END
        ) AS submitted_version,
        MIN(
            CASE WHEN review_standing IN ('in review', 'action required', 'approved', 'rejected') THEN valid_from END
        ) AS submitted_at,
        MIN(CASE WHEN review_standing = 'approved' THEN version_number END) AS approved_version,
        MIN(CASE WHEN review_standing = 'approved' THEN valid_from END) AS approved_at
    FROM opportunity_versions
    GROUP BY id
), reviews AS (
    SELECT
        id,
        'submitted' AS milestone,
        2 AS milestone_order,
        submitted_version AS version_number,
        submitted_at AS begun_at,
        created_date,
        first_seen_at
    FROM firsts
    WHERE submitted_version IS NOT NULL
    UNION ALL
    SELECT
        id,
        'approved' AS milestone,
        3 AS milestone_order,
        approved_version AS version_number,
        approved_at AS begun_at,
        created_date,
        first_seen_at
    FROM firsts
    WHERE approved_version IS NOT NULL
), bounds AS (
    SELECT
        reviews.id,
        reviews.milestone,
        reviews.milestone_order,
        CAST(
            CASE WHEN reviews.version_number = 1 THEN reviews.created_date ELSE reviews.begun_at END
            AT TIME ZONE 'UTC' AS DATE
        ) AS earliest_on,
        CAST(
            CASE WHEN reviews.version_number = 1
                THEN COALESCE(reviews.first_seen_at, data_as_of.as_of)
                ELSE reviews.begun_at
            END AT TIME ZONE 'UTC' AS DATE
        ) AS reached_on
    FROM reviews
    CROSS JOIN data_as_of
), milestones AS (
    SELECT
        id,
        'created' AS milestone,
        1 AS milestone_order,
        CAST(created_date AT TIME ZONE 'UTC' AS DATE) AS earliest_on,
        CAST(created_date AT TIME ZONE 'UTC' AS DATE) AS reached_on,
        TRUE AS is_exact
    FROM opportunities
    WHERE created_date IS NOT NULL
    UNION ALL
    SELECT
        id,
        milestone,
        milestone_order,
        earliest_on,
        reached_on,
        COALESCE(earliest_on = reached_on, FALSE) AS is_exact
    FROM bounds
    UNION ALL
    SELECT
        id,
        CASE WHEN life_cycle_stage = 'Launched' THEN 'launched' ELSE 'lost' END AS milestone,
        CASE WHEN life_cycle_stage = 'Launched' THEN 4 ELSE 5 END AS milestone_order,
        closed_on AS earliest_on,
        closed_on AS reached_on,
        stage_since_is_seen AS is_exact
    FROM opportunity_current
    WHERE NOT is_open
)
SELECT
    milestones.id,
    opportunities.customer_company_name,
    milestones.milestone,
    milestones.milestone_order,
    milestones.earliest_on,
    milestones.reached_on,
    milestones.is_exact
FROM milestones
LEFT JOIN opportunities ON opportunities.id = milestones.id
ORDER BY milestones.reached_on DESC NULLS LAST, milestones.id, milestones.milestone_order DESC
