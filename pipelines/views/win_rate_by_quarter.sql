-- What share of the closed deals was won, quarter by quarter?
--
-- Definition: one row per calendar quarter of opportunity_current.closed_on. The column won counts Launched, the column
-- lost counts Closed Lost, and win_rate_percent = 100 * won / (won + lost). The column undated counts closings that
-- were there at the first sync. Their day is an estimate (see closed_on).
-- Pitfalls: the view counts deals, not money. Open deals are in no row, so a young quarter looks better or worse than
-- it will be. Every closed opportunity counts, whoever originated it, even if it is gone now. Before the first sync,
-- the quarter is an estimate.
--
-- Columns:
--   quarter_start [date]: First day of the calendar quarter. Example: 2026-01-01.
--   quarter [text]: Year and quarter as text. Example: 2026-Q1.
--   won [integer]: Number of opportunities in Launched that closed in the quarter. Example: 1.
--   lost [integer]: Number of opportunities in Closed Lost that closed in the quarter. Example: 1.
--   win_rate_percent [decimal]: 100 * won / (won + lost), rounded to one decimal. Example: 50.0.
--   undated [integer]: How many of them were closed already at the first sync, so that their day is an estimate.
--     Example: 1.
SELECT
    CAST(DATE_TRUNC('quarter', CAST(closed_on AS DATE)) AS DATE) AS quarter_start,
    CAST(EXTRACT(YEAR FROM closed_on) AS TEXT) || '-Q' || CAST(EXTRACT(QUARTER FROM closed_on) AS TEXT) AS quarter,
    COUNT(CASE WHEN life_cycle_stage = 'Launched' THEN 1 END) AS won,
    COUNT(CASE WHEN life_cycle_stage = 'Closed Lost' THEN 1 END) AS lost,
    ROUND(
        CAST(100.0 * COUNT(CASE WHEN life_cycle_stage = 'Launched' THEN 1 END) / COUNT(*) AS DECIMAL(18, 9)), 1
    ) AS win_rate_percent,
    COUNT(CASE WHEN NOT stage_since_is_seen THEN 1 END) AS undated
FROM opportunity_current
WHERE NOT is_open
GROUP BY
    CAST(DATE_TRUNC('quarter', CAST(closed_on AS DATE)) AS DATE),
    CAST(EXTRACT(YEAR FROM closed_on) AS TEXT) || '-Q' || CAST(EXTRACT(QUARTER FROM closed_on) AS TEXT)
ORDER BY quarter_start DESC
