-- Is each opportunity open, is it gone, and is its row what AWS has?
--
-- Definition: one row per opportunity. is_open: its stage is neither Launched nor Closed Lost; is_gone: it is missing
-- from the newest complete sweep, since gone_since. rejected_since: since when the record that AWS has could not become
-- a row, so that the row is an older version (opportunities_rejected says why); null where the row is the newest. Every
-- other view takes all three from here.
-- Pitfalls: a stage that AWS adds later, and none at all, count as open. Where rejected_since is not null, is_open is
-- that of the older version: AWS may have it closed. gone_since is when the sweep began, by the service's clock; until
-- a complete sweep was made, nothing is gone.
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
