-- What became of the opportunities that entered each stage, by the quarter in which they entered?
--
-- Definition: one row per open stage and calendar quarter of entry, of the stays in stage_periods. moved_on counts
-- stays that ended in a later stage, Launched too, or in one of unknown order. moved_back is the same for an earlier
-- stage. still_there counts stays that last, and gone the ones whose opportunity the newest full listing lacks. These
-- four and lost add up to entered. conversion_percent = 100 * moved_on / (moved_on + moved_back + lost).
-- Pitfalls: the row without a quarter has stays that began in a quarter that no sync saw: mostly what the first sync
-- found. These are neither exact nor complete, since what had left the stage before is not among them. An opportunity
-- that enters a stage twice counts twice. Young quarters have few that left, so look at still_there first. A stage that
-- began and ended between two syncs is missing. Opportunities without a version in opportunity_history are in no row.
--
-- Columns:
--   quarter_start: First day of the calendar quarter of entry; null if no sync saw it.
--   quarter: Year and quarter as text, for example 2026-Q2; null if no sync saw it.
--   life_cycle_stage: Stage that was entered; null if AWS sent none.
--   stage_order: Place of the stage in the usual order, from 1; null for a stage that life_cycle_stages does not list.
--   entered: Number of stays that began in the quarter.
--   moved_on: How many of them ended in a later stage.
--   moved_back: How many of them ended in an earlier stage.
--   lost: How many of them ended in Closed Lost.
--   still_there: How many of them last.
--   gone: How many of them last as far as is known, of opportunities that are gone.
--   conversion_percent: 100 * moved_on / (moved_on + moved_back + lost), rounded to one decimal; null if none has left.
WITH stays AS (
    SELECT
        stage_periods.life_cycle_stage,
        origins.stage_order,
        CASE
            WHEN stage_periods.left_at IS NULL AND opportunity_presence.gone_since IS NOT NULL THEN 'gone'
            WHEN stage_periods.left_at IS NULL THEN 'still there'
            WHEN stage_periods.next_stage = 'Closed Lost' THEN 'lost'
            WHEN targets.stage_order < origins.stage_order THEN 'moved back'
            ELSE 'moved on'
        END AS outcome,
        CAST(
            CASE WHEN stage_periods.entered_is_seen THEN stage_periods.entered_at ELSE opportunities.created_date END
            AT TIME ZONE 'UTC' AS DATE
        ) AS earliest_on,
        CAST(stage_periods.entered_at AT TIME ZONE 'UTC' AS DATE) AS entered_on
    FROM stage_periods
    LEFT JOIN opportunities ON opportunities.id = stage_periods.id
    LEFT JOIN opportunity_presence ON opportunity_presence.id = stage_periods.id
    LEFT JOIN life_cycle_stages AS origins ON origins.life_cycle_stage = stage_periods.life_cycle_stage
    LEFT JOIN life_cycle_stages AS targets ON targets.life_cycle_stage = stage_periods.next_stage
    WHERE NOT COALESCE(origins.is_closed, FALSE)
), dated AS (
    SELECT
        life_cycle_stage,
        stage_order,
        outcome,
        CASE
            WHEN CAST(DATE_TRUNC('quarter', CAST(earliest_on AS DATE)) AS DATE)
                = CAST(DATE_TRUNC('quarter', CAST(entered_on AS DATE)) AS DATE)
                THEN entered_on
        END AS known_on
    FROM stays
), counted AS (
    SELECT
        CAST(DATE_TRUNC('quarter', CAST(known_on AS DATE)) AS DATE) AS quarter_start,
        CAST(EXTRACT(YEAR FROM known_on) AS TEXT) || '-Q' || CAST(EXTRACT(QUARTER FROM known_on) AS TEXT) AS quarter,
        life_cycle_stage,
        stage_order,
        COUNT(*) AS entered,
        COUNT(CASE WHEN outcome = 'moved on' THEN 1 END) AS moved_on,
        COUNT(CASE WHEN outcome = 'moved back' THEN 1 END) AS moved_back,
        COUNT(CASE WHEN outcome = 'lost' THEN 1 END) AS lost,
        COUNT(CASE WHEN outcome = 'still there' THEN 1 END) AS still_there,
        COUNT(CASE WHEN outcome = 'gone' THEN 1 END) AS gone
    FROM dated
    GROUP BY
        CAST(DATE_TRUNC('quarter', CAST(known_on AS DATE)) AS DATE),
        CAST(EXTRACT(YEAR FROM known_on) AS TEXT) || '-Q' || CAST(EXTRACT(QUARTER FROM known_on) AS TEXT),
        life_cycle_stage,
        stage_order
)
SELECT
    quarter_start,
    quarter,
    life_cycle_stage,
    stage_order,
    entered,
    moved_on,
    moved_back,
    lost,
    still_there,
    gone,
    ROUND(CAST(100.0 * moved_on / NULLIF(moved_on + moved_back + lost, 0) AS DECIMAL(18, 9)), 1) AS conversion_percent
FROM counted
ORDER BY quarter_start DESC NULLS LAST, stage_order, life_cycle_stage
