-- Which stages are there, in which order, which of them end an opportunity, and how much does each count?
--
-- Definition: the stages that Partner Central documents. Every other view takes order and end from here. default_weight
-- is how much of an amount weighted_pipeline counts, unless the table stage_weights says otherwise.
-- Pitfalls: a stage that AWS adds later is not listed. Its opportunities count as open, and their stage_order is null.
--
-- Columns:
--   life_cycle_stage [text]: Name of the stage, as AWS writes it. Example: Prospect.
--   stage_order [integer]: Place of the stage in the usual order, from 1. Example: 1.
--   is_closed [boolean]: True for the stages that end an opportunity: Launched and Closed Lost. Example: true.
--   default_weight [decimal]: Probability with which an amount in the stage counts, from 0 to 1; a convention, not a
--     measurement. Example: 0.1000.
SELECT
    'Prospect' AS life_cycle_stage,
    1 AS stage_order,
    FALSE AS is_closed,
    CAST(0.1 AS DECIMAL(5, 4)) AS default_weight
UNION ALL SELECT 'Qualified', 2, FALSE, CAST(0.2 AS DECIMAL(5, 4))
UNION ALL SELECT 'Technical Validation', 3, FALSE, CAST(0.4 AS DECIMAL(5, 4))
UNION ALL SELECT 'Business Validation', 4, FALSE, CAST(0.6 AS DECIMAL(5, 4))
UNION ALL SELECT 'Committed', 5, FALSE, CAST(0.8 AS DECIMAL(5, 4))
UNION ALL SELECT 'Launched', 6, TRUE, CAST(1 AS DECIMAL(5, 4))
UNION ALL SELECT 'Closed Lost', 7, TRUE, CAST(0 AS DECIMAL(5, 4))
