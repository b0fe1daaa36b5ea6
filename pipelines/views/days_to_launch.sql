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
    SELECT
        id,
        MAX(customer_company_name) AS customer_company_name,
        MAX(CASE WHEN milestone = 'created' THEN reached_on END) AS created_on,
        MAX(CASE WHEN milestone = 'submitted' THEN reached_on END) AS submitted_on,
        MAX(CASE WHEN milestone = 'submitted' THEN CASE WHEN is_exact THEN 1 ELSE 0 END END) AS submissions_known,
        MAX(CASE WHEN milestone = 'approved' THEN reached_on END) AS approved_on,
        MAX(CASE WHEN milestone = 'approved' THEN CASE WHEN is_exact THEN 1 ELSE 0 END END) AS approvals_known,
        MAX(CASE WHEN milestone = 'launched' THEN reached_on END) AS launched_on,
        MAX(CASE WHEN milestone = 'launched' THEN CASE WHEN is_exact THEN 1 ELSE 0 END END) AS launches_known
    FROM opportunity_milestones
    GROUP BY id
)
SELECT
    launches.id,
    launches.customer_company_name,
    launches.created_on,
    launches.submitted_on,
    launches.approved_on,
    launches.launched_on,
    DATE_DIFF('day', launches.created_on, launches.submitted_on) AS days_to_submission,
    CASE WHEN launches.approvals_known = 1
        THEN DATE_DIFF('day', launches.submitted_on, launches.approved_on)
    END AS days_to_approval,
    CASE WHEN launches.launches_known = 1
        THEN DATE_DIFF('day', launches.approved_on, launches.launched_on)
    END AS days_from_approval,
    DATE_DIFF('day', launches.created_on, launches.launched_on) AS days_to_launch,
    launches.submissions_known = 1 AS submission_is_exact,
    launches.approvals_known = 1 AS approval_is_exact,
    launches.launches_known = 1 AS launch_is_exact,
    opportunity_standing.is_gone
FROM launches
JOIN opportunity_standing ON opportunity_standing.id = launches.id
WHERE launches.launched_on IS NOT NULL
ORDER BY launches.launched_on DESC, days_to_launch DESC NULLS LAST, launches.id
