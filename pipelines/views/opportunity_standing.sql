-- Is each opportunity open, and is it gone?
--
-- Definition: one row per opportunity. is_open: its stage is neither Launched nor Closed Lost; is_gone: it is missing
-- from the newest complete sweep, since gone_since. Every other view takes both from here.
-- Pitfalls: a stage that AWS adds later, and none at all, count as open. gone_since is when the sweep began, by the
-- clock of the machine that ran; until a complete sweep was made, nothing is gone.
SELECT
    opportunities.id,
    opportunities.life_cycle_stage,
    life_cycle_stages.stage_order,
    NOT COALESCE(life_cycle_stages.is_closed, FALSE) AS is_open,
    opportunity_presence.gone_since IS NOT NULL AS is_gone,
    opportunity_presence.gone_since
FROM opportunities
LEFT JOIN life_cycle_stages ON life_cycle_stages.life_cycle_stage = opportunities.life_cycle_stage
LEFT JOIN opportunity_presence ON opportunity_presence.id = opportunities.id
