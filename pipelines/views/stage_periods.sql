-- When did each opportunity enter and leave each of its stages?
--
-- Definition: one row per stay in a stage, from the versions in opportunity_history. left_at is null while the
-- opportunity stays. A first version that has not changed since the opportunity was created shows when its stage began.
-- entered_is_inferred marks such a stay.
-- Pitfalls: history begins with the first sync. If the first sync found the stage already there, entered_is_seen is
-- false, and entered_at is the latest possible time. A move has the LastModifiedDate of the first version seen in the
-- new stage. So a stage that began and ended between two syncs is missing.
--
-- Columns:
--   id: AWS's identifier of the opportunity.
--   period_number: Number of the stay among those of the opportunity, from 1 in order of time.
--   life_cycle_stage: Stage in which the opportunity stayed; null if AWS sent none.
--   entered_at: When the stay began: LastModifiedDate of the first version with the stage that was seen.
--   entered_is_seen: True if syncs saw the stage begin; if false, it began at entered_at or earlier.
--   entered_is_inferred: True if no sync saw a change, and entered_at is the creation date: the first version seen had
--     not changed since.
--   left_at: When the next stay began; null while the opportunity stays.
--   next_stage: Stage that followed; null while the opportunity stays, or if AWS sent none.
WITH versions AS (
    SELECT
        id,
        life_cycle_stage,
        created_date,
        last_modified_date,
        ROW_NUMBER() OVER (PARTITION BY id ORDER BY last_modified_date, read_order) AS version_number,
        LAG(life_cycle_stage) OVER (PARTITION BY id ORDER BY last_modified_date, read_order) AS previous_stage
    FROM opportunity_history
), entries AS (
    SELECT
        id,
        life_cycle_stage,
        last_modified_date AS entered_at,
        version_number > 1 OR COALESCE(last_modified_date = created_date, FALSE) AS entered_is_seen,
        version_number = 1 AND COALESCE(last_modified_date = created_date, FALSE) AS entered_is_inferred,
        version_number
    FROM versions
    WHERE version_number = 1 OR life_cycle_stage IS DISTINCT FROM previous_stage
)
SELECT
    id,
    ROW_NUMBER() OVER (PARTITION BY id ORDER BY version_number) AS period_number,
    life_cycle_stage,
    entered_at,
    entered_is_seen,
    entered_is_inferred,
    LEAD(entered_at) OVER (PARTITION BY id ORDER BY version_number) AS left_at,
    LEAD(life_cycle_stage) OVER (PARTITION BY id ORDER BY version_number) AS next_stage
FROM entries
ORDER BY id, period_number
