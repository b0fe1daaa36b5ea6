-- Which stages are there, in which order, and which of them end an opportunity?
--
-- Definition: the stages that Partner Central documents. Every other view takes order and end from here.
-- Pitfalls: a stage that AWS adds later is not listed. Its opportunities count as open, and their stage_order is null.
--
-- Columns:
--   life_cycle_stage: Name of the stage, as AWS writes it.
--   stage_order: Place of the stage in the usual order, from 1.
--   is_closed: True for the stages that end an opportunity: Launched and Closed Lost.
SELECT 'Prospect' AS life_cycle_stage, 1 AS stage_order, FALSE AS is_closed
UNION ALL SELECT 'Qualified', 2, FALSE
UNION ALL SELECT 'Technical Validation', 3, FALSE
UNION ALL SELECT 'Business Validation', 4, FALSE
UNION ALL SELECT 'Committed', 5, FALSE
UNION ALL SELECT 'Launched', 6, TRUE
UNION ALL SELECT 'Closed Lost', 7, TRUE
