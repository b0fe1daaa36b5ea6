-- Where do AWS and the partner have an opportunity in different stages, and since when?
--
-- Definition: one row per opportunity that is not gone, and whose stage differs from the one that AWS has for it. They
-- differ since the last time at which both were seen in one stage. AWS's stages are in aws_opportunity_summary_history,
-- the partner's in opportunity_history.
-- Pitfalls: AWS uses more stages than the partner. For one that life_cycle_stages does not list, aws_stages_ahead is
-- null, and the two need not contradict each other. No date of AWS tells when its stage changed. So it counts from
-- as_of of the run that first saw it, as in first_seen_as_of. If differs_since_is_seen is false, no sync saw both in
-- one stage, and they differ since differs_since or longer. The view is empty unless aws_opportunity_summaries are
-- loaded.
--
-- Columns:
--   id [text]: AWS's identifier of the opportunity. Example: A1.
--   customer_company_name [text]: Company name of the customer. Example: Acme.
--   owner [text]: Names of the owners in the partner's team, sorted; null if nobody knows them. Example: Ada; Zoe Zhu.
--   review_standing [text]: Where it stands in AWS's review, as in opportunity_current. Example: in review.
--   is_pipeline [boolean]: True if it is open, and neither rejected nor still to be submitted. Example: true.
--   life_cycle_stage [text]: Stage that the partner has. Example: Qualified.
--   aws_stage [text]: Stage that AWS has. Example: Prospect.
--   aws_stages_ahead [integer]: By how many stages AWS is ahead; negative if it is behind. Null if the order is not
--     known. Example: -1.
--   differs_since [timestamp]: When the two began to differ, as far as syncs have seen. Example: 2026-06-06 08:00 UTC.
--   differs_since_is_seen [boolean]: True if syncs saw both in one stage before; if false, they differ since then or
--     longer. Example: true.
--   days_different [integer]: Days from differs_since to data_freshness.as_of; at least that many if
--     differs_since_is_seen is false. Example: 4.
--   life_cycle_target_close_date [date]: Day on which the partner expects the deal to close. Example: 2026-08-15.
--   aws_target_close_date [date]: Day on which AWS expects the deal to close; null if it does not tell. Example:
--     2026-09-01.
--   monthly_spend [text]: Expected spend a month in every currency, as text, for example EUR 500.00, USD 1200.00; null
--     without an amount. Example: EUR 50.00, USD 1200.50.
WITH versions AS (
    SELECT
        id,
        life_cycle_stage,
        first_seen_at,
        read_order,
        ROW_NUMBER() OVER (PARTITION BY id ORDER BY read_order) AS version_number,
        LAG(life_cycle_stage) OVER (PARTITION BY id ORDER BY read_order) AS previous_stage
    FROM aws_opportunity_summary_history
), entries AS (
    SELECT
        versions.id,
        versions.life_cycle_stage,
        first_seen_as_of.as_of AS entered_at,
        versions.read_order
    FROM versions
    JOIN first_seen_as_of ON first_seen_as_of.first_seen_at = versions.first_seen_at
    WHERE versions.version_number = 1 OR versions.life_cycle_stage IS DISTINCT FROM versions.previous_stage
), aws_periods AS (
    SELECT
        entries.id,
        entries.life_cycle_stage,
        entries.entered_at,
        LEAD(entries.entered_at) OVER (PARTITION BY entries.id ORDER BY entries.read_order) AS left_at
    FROM entries
), agreements AS (
    SELECT
        stage_periods.id,
        MAX(
            CASE
                WHEN stage_periods.left_at IS NULL OR aws_periods.left_at < stage_periods.left_at
                    THEN aws_periods.left_at
                ELSE stage_periods.left_at
            END
        ) AS ended_at
    FROM stage_periods
    JOIN aws_periods
        ON aws_periods.id = stage_periods.id AND aws_periods.life_cycle_stage = stage_periods.life_cycle_stage
    WHERE
        (
            stage_periods.left_at IS NULL
            OR (aws_periods.entered_at < stage_periods.left_at AND stage_periods.entered_at < stage_periods.left_at)
        )
        AND (
            aws_periods.left_at IS NULL
            OR (stage_periods.entered_at < aws_periods.left_at AND aws_periods.entered_at < aws_periods.left_at)
        )
    GROUP BY stage_periods.id
), partner_beginnings AS (
    SELECT stage_periods.id, MIN(stage_periods.entered_at) AS began_at
    FROM stage_periods
    GROUP BY stage_periods.id
), aws_beginnings AS (
    SELECT aws_periods.id, MIN(aws_periods.entered_at) AS began_at
    FROM aws_periods
    GROUP BY aws_periods.id
), differences AS (
    SELECT
        opportunity_current.id,
        COALESCE(
            agreements.ended_at,
            CASE
                WHEN partner_beginnings.began_at > aws_beginnings.began_at THEN partner_beginnings.began_at
                ELSE aws_beginnings.began_at
            END
        ) AS differs_since,
        agreements.ended_at IS NOT NULL AS differs_since_is_seen
    FROM opportunity_current
    LEFT JOIN agreements ON agreements.id = opportunity_current.id
    LEFT JOIN partner_beginnings ON partner_beginnings.id = opportunity_current.id
    LEFT JOIN aws_beginnings ON aws_beginnings.id = opportunity_current.id
    WHERE NOT opportunity_current.is_gone AND opportunity_current.aws_stage <> opportunity_current.life_cycle_stage
)
SELECT
    opportunity_current.id,
    opportunity_current.customer_company_name,
    opportunity_current.owner,
    opportunity_current.review_standing,
    opportunity_current.is_pipeline,
    opportunity_current.life_cycle_stage,
    opportunity_current.aws_stage,
    aws_stages.stage_order - opportunity_current.stage_order AS aws_stages_ahead,
    differences.differs_since,
    differences.differs_since_is_seen,
    DATE_DIFF('day', CAST(differences.differs_since AT TIME ZONE 'UTC' AS DATE), data_as_of.as_of_date)
        AS days_different,
    opportunity_current.life_cycle_target_close_date,
    aws_opportunity_summaries.life_cycle_target_close_date AS aws_target_close_date,
    opportunity_current.monthly_spend
FROM differences
JOIN opportunity_current ON opportunity_current.id = differences.id
CROSS JOIN data_as_of
LEFT JOIN life_cycle_stages AS aws_stages ON aws_stages.life_cycle_stage = opportunity_current.aws_stage
LEFT JOIN aws_opportunity_summaries ON aws_opportunity_summaries.id = opportunity_current.id
ORDER BY
    ABS(aws_stages.stage_order - opportunity_current.stage_order) DESC NULLS LAST,
    differences.differs_since,
    opportunity_current.id
