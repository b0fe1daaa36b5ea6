-- How long do deals take from creation to launch, quarter by quarter?
--
-- Definition: one row per calendar quarter of launched_on in days_to_launch. The column launched counts all deals of
-- the quarter, and measured the ones whose launch syncs saw. The days are of the measured ones only.
-- Pitfalls: deals that are not launched yet are in no row, so a young account shows its fast deals only. If measured is
-- small, the median says little. The quarter of the others is an estimate.
--
-- Columns:
--   quarter_start: First day of the calendar quarter.
--   quarter: Year and quarter as text, for example 2026-Q2.
--   launched: Number of opportunities in Launched that closed in the quarter.
--   measured: How many of them have exact days from creation to launch.
--   average_days: Mean of these days, rounded to one decimal; null if nothing was measured.
--   median_days: Median of these days, rounded to one decimal; null if nothing was measured.
--   longest_days: Greatest number of these days; null if nothing was measured.
WITH launches AS (
    SELECT
        CAST(DATE_TRUNC('quarter', CAST(launched_on AS DATE)) AS DATE) AS quarter_start,
        CAST(EXTRACT(YEAR FROM launched_on) AS TEXT) || '-Q' || CAST(EXTRACT(QUARTER FROM launched_on) AS TEXT)
            AS quarter,
        CASE WHEN launch_is_exact THEN days_to_launch END AS days
    FROM days_to_launch
), placed AS (
    SELECT
        quarter_start,
        quarter,
        days,
        ROW_NUMBER() OVER (
            PARTITION BY quarter_start, CASE WHEN days IS NULL THEN 0 ELSE 1 END ORDER BY days
        ) AS place,
        COUNT(days) OVER (PARTITION BY quarter_start) AS measured
    FROM launches
)
SELECT
    quarter_start,
    quarter,
    COUNT(*) AS launched,
    COUNT(days) AS measured,
    ROUND(CAST(AVG(days) AS DECIMAL(18, 9)), 1) AS average_days,
    ROUND(
        CAST(AVG(CASE WHEN 2 * place BETWEEN measured AND measured + 2 THEN days END) AS DECIMAL(18, 9)), 1
    ) AS median_days,
    MAX(days) AS longest_days
FROM placed
GROUP BY quarter_start, quarter
ORDER BY quarter_start DESC
