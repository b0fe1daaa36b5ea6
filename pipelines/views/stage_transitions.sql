-- Which opportunities moved from which stage to which, and when?
--
-- Definition: one row per move. The column movement is won (to Launched), lost (to Closed Lost) or reopened (out of
-- either of them). Otherwise it is forward or back by the order of stages, or other if a stage is unknown.
-- days_in_from_stage is how long the earlier stage lasted. days_are_inferred marks days that count from the creation.
-- Pitfalls: only moves that syncs have seen, from the first one on. Two moves between two syncs are seen as one. If
-- days_are_exact is false, the stage was there at the first sync and lasted at least that long.
--
-- Columns:
--   id: AWS's identifier of the opportunity.
--   customer_company_name: Company name of the customer.
--   from_stage: Stage before the move.
--   to_stage: Stage after the move.
--   movement: Kind of move: won, lost, reopened, forward, back, or other if a stage is unknown.
--   changed_at: LastModifiedDate of the first version seen in the new stage.
--   days_in_from_stage: Days that the stage before the move lasted, between UTC dates.
--   days_are_exact: True if syncs saw the earlier stage begin; if false, it lasted at least days_in_from_stage.
--   days_are_inferred: True if no sync saw the earlier stage begin, and the days count from the creation date: see
--     entered_is_inferred in stage_periods.
WITH moves AS (
    SELECT
        id,
        LAG(life_cycle_stage) OVER (PARTITION BY id ORDER BY period_number) AS from_stage,
        life_cycle_stage AS to_stage,
        period_number,
        entered_at AS changed_at,
        LAG(entered_at) OVER (PARTITION BY id ORDER BY period_number) AS from_entered_at,
        LAG(entered_is_seen) OVER (PARTITION BY id ORDER BY period_number) AS days_are_exact,
        LAG(entered_is_inferred) OVER (PARTITION BY id ORDER BY period_number) AS days_are_inferred
    FROM stage_periods
)
SELECT
    moves.id,
    opportunities.customer_company_name,
    moves.from_stage,
    moves.to_stage,
    CASE
        WHEN moves.to_stage = 'Launched' THEN 'won'
        WHEN moves.to_stage = 'Closed Lost' THEN 'lost'
        WHEN origins.is_closed THEN 'reopened'
        WHEN targets.stage_order > origins.stage_order THEN 'forward'
        WHEN targets.stage_order < origins.stage_order THEN 'back'
        ELSE 'other'
    END AS movement,
    moves.changed_at,
    DATE_DIFF(
        'day', CAST(moves.from_entered_at AT TIME ZONE 'UTC' AS DATE), CAST(moves.changed_at AT TIME ZONE 'UTC' AS DATE)
    ) AS days_in_from_stage,
    moves.days_are_exact,
    moves.days_are_inferred
FROM moves
LEFT JOIN opportunities ON opportunities.id = moves.id
LEFT JOIN life_cycle_stages AS origins ON origins.life_cycle_stage = moves.from_stage
LEFT JOIN life_cycle_stages AS targets ON targets.life_cycle_stage = moves.to_stage
WHERE moves.period_number > 1
ORDER BY moves.changed_at DESC, moves.id, moves.period_number DESC
