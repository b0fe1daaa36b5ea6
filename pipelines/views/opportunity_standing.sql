-- Is each opportunity open, is it pipeline, is it gone, and is its row what AWS has?
--
-- Definition: one row per opportunity. is_open means that its stage is neither Launched nor Closed Lost. is_gone means
-- that it is missing from the newest full listing, since gone_since. rejected_since is set if the record that AWS has
-- could not become a row. The row is then an older version, and opportunities_rejected has the reason. It is null if
-- the row is the newest version. review_standing is AWS's review status in six words, and is_pipeline is what counts as
-- pipeline: open, not gone, and neither rejected nor still to be submitted. is_validated is the part of it that AWS
-- approved. Which statuses these are is in review_statuses. Every other view takes all of these from here.
-- Pitfalls: a stage that AWS adds later counts as open, and so does no stage at all. If rejected_since is not null,
-- is_open is that of the older version, and AWS may have it closed. gone_since is when the full listing began, by the
-- service's clock. Before the first full listing is complete, nothing is gone.
--
-- Columns:
--   id [text]: AWS's identifier of the opportunity. Example: B2.
--   life_cycle_stage [text]: Stage of the opportunity; null if AWS sent none. Example: Committed.
--   stage_order [integer]: Place of the stage in the usual order, from 1; null for a stage that life_cycle_stages does
--     not list. Example: 5.
--   is_open [boolean]: True if the stage is neither Launched nor Closed Lost. Example: true.
--   is_gone [boolean]: True if the newest full listing lacks the opportunity. Example: true.
--   gone_since [timestamp]: When the first full listing without the opportunity began; null while it is listed.
--     Example: 2026-06-07 12:00 UTC.
--   rejected_since [timestamp]: LastModifiedDate of AWS's version, if that could not become a row and this row is
--     older; otherwise null. Example: 2026-06-09 12:00 UTC.
--   review_standing [text]: Where the opportunity stands in AWS's review: approved, in review, action required, not
--     submitted, rejected (or disqualified), or unknown (no review status, or one that is new). Example: approved.
--   is_pipeline [boolean]: True if it is open, not gone, and neither rejected nor still to be submitted. Example: true.
--   is_validated [boolean]: True for the part of the pipeline that AWS approved. Example: true.
SELECT
    opportunities.id,
    opportunities.life_cycle_stage,
    life_cycle_stages.stage_order,
    NOT COALESCE(life_cycle_stages.is_closed, FALSE) AS is_open,
    opportunity_presence.gone_since IS NOT NULL AS is_gone,
    opportunity_presence.gone_since,
    opportunity_presence.rejected_since,
    COALESCE(review_statuses.review_standing, 'unknown') AS review_standing,
    NOT COALESCE(life_cycle_stages.is_closed, FALSE)
        AND opportunity_presence.gone_since IS NULL
        AND COALESCE(review_statuses.counts_as_pipeline, TRUE) AS is_pipeline,
    NOT COALESCE(life_cycle_stages.is_closed, FALSE)
        AND opportunity_presence.gone_since IS NULL
        AND COALESCE(review_statuses.counts_as_validated, FALSE) AS is_validated
FROM opportunities
LEFT JOIN life_cycle_stages ON life_cycle_stages.life_cycle_stage = opportunities.life_cycle_stage
LEFT JOIN opportunity_presence ON opportunity_presence.id = opportunities.id
LEFT JOIN review_statuses ON review_statuses.life_cycle_review_status = opportunities.life_cycle_review_status
