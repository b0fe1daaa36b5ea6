-- How long do opportunities stay in a stage?
--
-- Definition: one row per stage, of stays whose beginning and end were both seen by syncs. It has how many there were,
-- how they ended (moved on, or lost), and how many days they lasted: mean, median, longest. A stay from the creation on
-- counts as seen if the first version seen had not changed since: see stage_periods.
-- Pitfalls: stays that still last are not counted, and neither are stays that were there at the first sync. So young
-- histories show short stays. A history of a few weeks cannot show a stage that takes months.
--
-- Columns:
--   life_cycle_stage [text]: Stage that was left. Example: Prospect.
--   stage_order [integer]: Place of the stage in the usual order, from 1; null for a stage that life_cycle_stages does
--     not list. Example: 1.
--   stays [integer]: Number of stays whose beginning and end were both seen by syncs. Example: 4.
--   lost [integer]: How many of them ended in Closed Lost. Example: 2.
--   moved_on [integer]: How many of them ended in any other stage. Example: 2.
--   average_days [decimal]: Mean length of these stays in days, rounded to one decimal. Example: 3.5.
--   median_days [decimal]: Median length of these stays in days, rounded to one decimal. Example: 3.0.
--   longest_days [integer]: Length of the longest of these stays in days. Example: 7.
WITH stays AS (
    SELECT
        from_stage AS life_cycle_stage,
        to_stage,
        days_in_from_stage,
        ROW_NUMBER() OVER (PARTITION BY from_stage ORDER BY days_in_from_stage) AS place,
        COUNT(*) OVER (PARTITION BY from_stage) AS all_stays
    FROM stage_transitions
    WHERE days_are_exact
)
SELECT
    stays.life_cycle_stage,
    life_cycle_stages.stage_order,
    COUNT(*) AS stays,
    COUNT(CASE WHEN stays.to_stage = 'Closed Lost' THEN 1 END) AS lost,
    COUNT(CASE WHEN stays.to_stage = 'Closed Lost' THEN NULL ELSE 1 END) AS moved_on,
    ROUND(CAST(AVG(stays.days_in_from_stage) AS DECIMAL(18, 9)), 1) AS average_days,
    ROUND(
        CAST(
            AVG(
                CASE WHEN 2 * stays.place BETWEEN stays.all_stays AND stays.all_stays + 2
                    THEN stays.days_in_from_stage
                END
            ) AS DECIMAL(18, 9)
        ),
        1
    ) AS median_days,
    MAX(stays.days_in_from_stage) AS longest_days
FROM stays
LEFT JOIN life_cycle_stages ON life_cycle_stages.life_cycle_stage = stays.life_cycle_stage
GROUP BY stays.life_cycle_stage, life_cycle_stages.stage_order
ORDER BY life_cycle_stages.stage_order, stays.life_cycle_stage
