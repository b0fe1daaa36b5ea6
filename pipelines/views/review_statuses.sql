-- Which review statuses are there, where does an opportunity with each stand, and does it count as pipeline?
--
-- Definition: the review statuses that Partner Central documents. Every other view takes the standing, and what counts
-- as pipeline, from here. What AWS rejected or disqualified, and what was never submitted, does not count. Validated is
-- what AWS approved.
-- Pitfalls: a status that AWS adds later is not listed. The standing of its opportunities is unknown. They count as
-- pipeline, and not as validated. So do opportunities without a review status.
--
-- Columns:
--   life_cycle_review_status [text]: AWS's review status of the opportunity. Example: Approved.
--   review_standing [text]: Where the opportunity stands: approved, in review, action required, not submitted, or
--     rejected. Example: approved.
--   counts_as_pipeline [boolean]: True if an open opportunity with the status is pipeline. Example: true.
--   counts_as_validated [boolean]: True if an open opportunity with the status is validated pipeline. Example: true.
SELECT
    'Approved' AS life_cycle_review_status,
    'approved' AS review_standing,
    TRUE AS counts_as_pipeline,
    TRUE AS counts_as_validated
UNION ALL SELECT 'Submitted', 'in review', TRUE, FALSE
UNION ALL SELECT 'In review', 'in review', TRUE, FALSE
UNION ALL SELECT 'Action Required', 'action required', TRUE, FALSE
UNION ALL SELECT 'Pending Submission', 'not submitted', FALSE, FALSE
UNION ALL SELECT 'Rejected', 'rejected', FALSE, FALSE
UNION ALL SELECT 'Disqualified', 'rejected', FALSE, FALSE
