-- Is each opportunity open, is it gone, and is its row what AWS has?
--
-- Definition: one row per opportunity. is_open means that its stage is neither Launched nor Closed Lost. is_gone means
-- that it is missing from the newest full listing, since gone_since. rejected_since is set if the record that AWS has
-- could not become a row. The row is then an older version, and opportunities_rejected has the reason. It is null if
-- the row is the newest version. Every other view takes all three from here.
-- Pitfalls: a stage that AWS adds later counts as open, and so does no stage at all. If rejected_since is not null,
-- is_open is that of the older version, and AWS may have it closed. gone_since is when the full listing began, by the
-- service's clock. Before the first full listing is complete, nothing is gone.
--
-- Columns:
--   id: AWS's identifier of the opportunity.
--   life_cycle_stage: Stage of the opportunity; null if AWS sent none.
--   stage_order: Place of the stage in the usual order, from 1; null for a stage that life_cycle_stages does not list.
--   is_open: True if the stage is neither Launched nor Closed Lost.
--   is_gone: True if the newest full listing lacks the opportunity.
--   gone_since: When the first full listing without the opportunity began; null while it is listed.
--   rejected_since: LastModifiedDate of AWS's version, if that could not become a row and this row is older; otherwise
--     null.
SELECT
    opportunities.id,
    opportunities.life_cycle_stage,
    life_cycle_stages.stage_order,
    NOT COALESCE(life_cycle_stages.is_closed, FALSE) AS is_open,
    opportunity_presence.gone_since IS NOT NULL AS is_gone,
    opportunity_presence.gone_since,
    opportunity_presence.rejected_since
FROM opportunities
LEFT JOIN life_cycle_stages ON life_cycle_stages.life_cycle_stage = opportunities.life_cycle_stage
LEFT JOIN opportunity_presence ON opportunity_presence.id = opportunities.id
