-- Do AWS's scores and co-sell motions go with winning?
--
-- Definition: one row per engagement score, per co-sell motion, and per range of the quality score, with the pipeline,
-- what was won and what was lost. The column dimension says what the value is of. The counts are the ones of
-- pipeline_by_group.
-- Pitfalls: each opportunity is in one row of every dimension, so never add rows of several dimensions. The scores are
-- the present ones, also of what was closed long ago. That winners score high can be the effect, not the cause. The
-- columns won and lost count every closed opportunity, even if it is gone now. The value is null for what AWS has not
-- scored, and everywhere without the search and aws_opportunity_summaries.
--
-- Columns:
--   dimension: What the value is of: engagement_score, quality_score or cosell_motion.
--   value: The score, the range of scores, or the co-sell motion; null for opportunities without one.
--   opportunities: Number of pipeline opportunities with this value.
--   validated: How many of them AWS approved.
--   won: Number of opportunities in Launched with this value.
--   lost: Number of opportunities in Closed Lost with this value.
--   win_rate_percent: 100 * won / (won + lost), rounded to one decimal; null if nothing was closed.
SELECT
    pipeline_by_group.dimension,
    pipeline_by_group.value,
    MAX(pipeline_by_group.opportunities_in_group) AS opportunities,
    MAX(pipeline_by_group.validated_in_group) AS validated,
    MAX(pipeline_by_group.won) AS won,
    MAX(pipeline_by_group.lost) AS lost,
    MAX(pipeline_by_group.win_rate_percent) AS win_rate_percent
FROM pipeline_by_group
WHERE pipeline_by_group.dimension IN ('engagement_score', 'quality_score', 'cosell_motion')
GROUP BY pipeline_by_group.dimension, pipeline_by_group.value
ORDER BY
    pipeline_by_group.dimension,
    CASE pipeline_by_group.value WHEN 'High' THEN 3 WHEN 'Medium' THEN 2 WHEN 'Low' THEN 1 END DESC NULLS LAST,
    pipeline_by_group.value DESC NULLS LAST
