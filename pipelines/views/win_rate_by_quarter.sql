-- What share of the closed deals was won, quarter by quarter?
--
-- Definition: by the calendar quarter of opportunity_current.closed_on: won is Launched, lost is Closed Lost,
-- win_rate_percent = 100 * won / (won + lost). undated counts closings that were there at the first sync, whose day is
-- an estimate (see closed_on).
-- Pitfalls: counts deals, not money. Open deals are in no row, so a young quarter looks better or worse than it will
-- be. Every closed opportunity counts, whoever originated it, also one that is gone since. Before the first sync, the
-- quarter is that of an estimate.
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
