-- How long did each launched deal take, from its creation through review to the launch?
--
-- Definition: one row per opportunity in Launched, with the days from opportunity_milestones and the days between them,
-- between UTC dates. Days to submission and to launch count from the creation. Days to approval count from the
-- submission, and days from approval up to the launch.
-- Pitfalls: if submission_is_exact is false, days_to_submission is the most and days_to_approval the least it can be.
-- If approval_is_exact is false, days_from_approval is the least, and days_to_approval is null. If launch_is_exact is
-- false, the deal was launched already at the first sync: days_to_launch is an estimate, and days_from_approval is
-- null. Deals without review have null in its columns.
--
-- Columns:
--   id: AWS's identifier of the opportunity.
--   customer_company_name: Company name of the customer.
--   created_on: Day of the creation in AWS.
--   submitted_on: Last day on which it can have come into review for the first time.
--   approved_on: Last day on which AWS can have approved it for the first time.
--   launched_on: Day of the launch, as closed_on in opportunity_current.
--   days_to_submission: Days from created_on to submitted_on.
--   days_to_approval: Days from submitted_on to approved_on; null if approval_is_exact is false.
--   days_from_approval: Days from approved_on to launched_on; null if launch_is_exact is false.
--   days_to_launch: Days from created_on to launched_on.
--   submission_is_exact: True if submitted_on is known to the day; null without a submission.
--   approval_is_exact: True if approved_on is known to the day; null without an approval.
--   launch_is_exact: True if syncs saw the launch; if false, launched_on is an estimate.
--   is_gone: True if the newest full listing lacks the opportunity.
WITH launches AS (
    SELECT id, customer_company_name, closed_on, stage_since_is_seen, is_gone
    FROM opportunity_current
    WHERE life_cycle_stage = 'Launched'
), milestones AS (
    SELECT
        id,
        MAX(CASE WHEN milestone = 'created' THEN reached_on END) AS created_on,
        MAX(CASE WHEN milestone = 'submitted' THEN reached_on END) AS submitted_on,
        MAX(CASE WHEN milestone = 'submitted' THEN CASE WHEN is_exact THEN 1 ELSE 0 END END) AS submissions_known,
        MAX(CASE WHEN milestone = 'approved' THEN reached_on END) AS approved_on,
        MAX(CASE WHEN milestone = 'approved' THEN CASE WHEN is_exact THEN 1 ELSE 0 END END) AS approvals_known
    FROM opportunity_milestones
    GROUP BY id
)
SELECT
    launches.id,
    launches.customer_company_name,
    milestones.created_on,
    milestones.submitted_on,
    milestones.approved_on,
    launches.closed_on AS launched_on,
    DATE_DIFF('day', milestones.created_on, milestones.submitted_on) AS days_to_submission,
    CASE WHEN milestones.approvals_known = 1
        THEN DATE_DIFF('day', milestones.submitted_on, milestones.approved_on)
    END AS days_to_approval,
    CASE WHEN launches.stage_since_is_seen
        THEN DATE_DIFF('day', milestones.approved_on, launches.closed_on)
    END AS days_from_approval,
    DATE_DIFF('day', milestones.created_on, launches.closed_on) AS days_to_launch,
    milestones.submissions_known = 1 AS submission_is_exact,
    milestones.approvals_known = 1 AS approval_is_exact,
    launches.stage_since_is_seen AS launch_is_exact,
    launches.is_gone
FROM launches
LEFT JOIN milestones ON milestones.id = launches.id
ORDER BY launched_on DESC, days_to_launch DESC NULLS LAST, launches.id
