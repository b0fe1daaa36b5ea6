-- When did each opportunity enter and leave each of its review statuses?
--
-- Definition: one row per stay in a review status, from opportunity_versions. entered_at is LastModifiedDate of the
-- first version with the status, or when a sync first saw it if that date had not moved. left_at is null while the
-- opportunity stays. days_in_review_status counts up to left_at, to gone_since, or to data_freshness.as_of.
-- Pitfalls: history begins with the first sync, and a status that began and ended between two syncs is missing. If a
-- status was there when the opportunity was first seen, it began between entered_not_before and entered_not_after. AWS
-- can change a status without moving LastModifiedDate. So even a stay with entered_is_inferred may have begun later.
-- Opportunities without a review status, such as AWS referrals, are in no row.
--
-- Columns:
--   id [text]: AWS's identifier of the opportunity. Example: A1.
--   period_number [integer]: Number of the stay among those of the opportunity, from 1 in order of time. Example: 1.
--   life_cycle_review_status [text]: Review status in which the opportunity stayed. Example: Submitted.
--   review_standing [text]: The status as in review_statuses: approved, in review, action required, not submitted,
--     rejected, or unknown. Example: in review.
--   entered_at [timestamp]: When the stay began, as far as syncs have seen. Example: 2026-06-02 08:00 UTC.
--   entered_is_seen [boolean]: True if syncs saw the status begin; if false, entered_at is not exact. Example: true.
--   entered_is_inferred [boolean]: True if no sync saw a change, and entered_at is the creation date: the first version
--     seen had not changed since. Example: true.
--   entered_not_before [timestamp]: Earliest time at which the stay can have begun: entered_at, or the creation date if
--     the status was there when the opportunity was first seen. Example: 2026-06-02 08:00 UTC.
--   entered_not_after [timestamp]: Latest time at which the stay can have begun: entered_at, or when the opportunity
--     was first seen. Example: 2026-06-02 12:30 UTC.
--   left_at [timestamp]: When the next stay began; null while the opportunity stays. Example: 2026-06-06 08:00 UTC.
--   next_review_status [text]: Review status that followed; null while the opportunity stays, or if AWS sent none.
--     Example: In review.
--   days_in_review_status [integer]: Days that the stay lasted, between UTC dates; until now if it still lasts.
--     Example: 4.
WITH marked AS (
    SELECT
        id,
        version_number,
        created_date,
        life_cycle_review_status,
        review_standing,
        valid_from,
        valid_from_is_seen,
        first_seen_at,
        LAG(life_cycle_review_status) OVER (PARTITION BY id ORDER BY version_number) AS previous_status
    FROM opportunity_versions
), stays AS (
    SELECT
        id,
        version_number,
        life_cycle_review_status,
        review_standing,
        valid_from AS entered_at,
        valid_from_is_seen AS entered_is_seen,
        version_number = 1 AND valid_from_is_seen AS entered_is_inferred,
        CASE WHEN version_number = 1 THEN created_date ELSE valid_from END AS entered_not_before,
        CASE WHEN version_number = 1 THEN first_seen_at ELSE valid_from END AS entered_not_after,
        LEAD(valid_from) OVER (PARTITION BY id ORDER BY version_number) AS left_at,
        LEAD(life_cycle_review_status) OVER (PARTITION BY id ORDER BY version_number) AS next_review_status
    FROM marked
    WHERE version_number = 1 OR life_cycle_review_status IS DISTINCT FROM previous_status
)
SELECT
    stays.id,
    ROW_NUMBER() OVER (PARTITION BY stays.id ORDER BY stays.version_number) AS period_number,
    stays.life_cycle_review_status,
    stays.review_standing,
    stays.entered_at,
    stays.entered_is_seen,
    stays.entered_is_inferred,
    stays.entered_not_before,
    stays.entered_not_after,
    stays.left_at,
    stays.next_review_status,
    DATE_DIFF(
        'day',
        CAST(stays.entered_at AT TIME ZONE 'UTC' AS DATE),
        CASE
            WHEN stays.left_at IS NOT NULL THEN CAST(stays.left_at AT TIME ZONE 'UTC' AS DATE)
            WHEN opportunity_presence.gone_since IS NOT NULL
                THEN CAST(opportunity_presence.gone_since AT TIME ZONE 'UTC' AS DATE)
            ELSE data_as_of.as_of_date
        END
    ) AS days_in_review_status
FROM stays
LEFT JOIN opportunity_presence ON opportunity_presence.id = stays.id
CROSS JOIN data_as_of
WHERE stays.life_cycle_review_status IS NOT NULL
ORDER BY stays.id, period_number
