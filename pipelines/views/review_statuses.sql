-- Which review statuses are there, and where does an opportunity with each stand?
--
-- Definition: the review statuses that Partner Central documents. Every other view takes the standing from here.
-- Pitfalls: a status that AWS adds later is not listed. The standing of its opportunities is unknown.
--
-- Columns:
--   life_cycle_review_status [text]: AWS's review status of the opportunity. Example: Approved.
--   review_standing [text]: Where the opportunity stands: approved, in review, action required, not submitted, or
--     rejected. Example: approved.
SELECT 'Approved' AS life_cycle_review_status, 'approved' AS review_standing
UNION ALL SELECT 'Submitted', 'in review'
UNION ALL SELECT 'In review', 'in review'
UNION ALL SELECT 'Action Required', 'action required'
UNION ALL SELECT 'Pending Submission', 'not submitted'
UNION ALL SELECT 'Rejected', 'rejected'
UNION ALL SELECT 'Disqualified', 'rejected'
