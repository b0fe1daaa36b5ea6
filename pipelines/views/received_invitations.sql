-- Which invitations did the partner receive, and what became of each?
--
-- Definition: one row per invitation with participant_type RECEIVER. The column standing is accepted, rejected, lapsed,
-- waiting or unclear. Lapsed means that it has expired, or that it is pending and its expiration date is not after
-- data_freshness.as_of. Waiting means pending and in the newest list. Unclear is every other one: an unknown status, or
-- pending and listed no more. The time of an answer is when the partner's task of acceptance began. Without such a
-- task, it is as_of of the run that first saw the answer of an invitation that had been seen pending, as in
-- first_seen_as_of.
-- Pitfalls: answered_at is null for an answer that was there when the first sync came, unless there is a task. If
-- answered_is_exact is false, it can be off by the time between two syncs, or between two changes in Partner Central.
-- Now is the newest watermark, not the clock.
--
-- Columns:
--   id [text]: AWS's identifier of the invitation. Example: i9.
--   payload_type [text]: What the partner was invited to, in AWS's words: OpportunityInvitation, LeadInvitation or
--     another. Example: OpportunityInvitation.
--   engagement_id [text]: AWS's identifier of the engagement; null if AWS does not show it yet. Example: g2.
--   engagement_title [text]: Title of the engagement. Example: Archive for a museum.
--   sender_company_name [text]: Company that sent the invitation. Example: Partner.
--   status [text]: Status of the invitation, in AWS's words. Example: PENDING.
--   standing [text]: What became of the invitation: accepted, rejected, lapsed, waiting, or unclear. Example: unclear.
--   invitation_date [timestamp]: When the invitation was sent. Example: 2026-06-09 09:00 UTC.
--   expiration_date [timestamp]: When the invitation expires. Example: 2026-06-24 09:00 UTC.
--   days_left [integer]: Days from data_freshness.as_of to the expiration date; null unless the invitation is waiting.
--     Example: 3.
--   answered_at [timestamp]: When the partner accepted or rejected it; null without an answer, or if nobody knows when.
--     Example: 2026-06-01 09:00 UTC.
--   answered_is_exact [boolean]: True if a task shows when it was accepted; if false, answered_at is as_of of the run
--     that first saw the answer. Null without answered_at. Example: true.
--   days_to_answer [integer]: Days from invitation_date to answered_at, between UTC dates. Example: 4.
--   opportunity_id [text]: AWS's identifier of the opportunity that an accepted invitation became; null if there is
--     none. Example: A1.
--   life_cycle_stage [text]: Stage of this opportunity; null if it is not loaded, or AWS sent none. Example: Qualified.
WITH listed AS (
    SELECT MAX(listed_at) AS newest
    FROM (
        SELECT last_listed_at AS listed_at FROM engagement_invitations
        UNION ALL SELECT listed_at FROM sync_run_streams WHERE stream = 'engagement_invitations'
    ) AS listings
), tasks AS (
    SELECT
        engagement_invitation_id AS id,
        MIN(start_time) AS accepted_at,
        MIN(opportunity_id) AS opportunity_id
    FROM engagement_by_accepting_invitation_tasks
    WHERE engagement_invitation_id IS NOT NULL AND COALESCE(task_status, '') <> 'FAILED'
    GROUP BY engagement_invitation_id
), versions AS (
    SELECT
        id,
        status,
        first_seen_at,
        LAG(status) OVER (PARTITION BY id ORDER BY read_order) AS previous_status
    FROM engagement_invitation_history
), answers AS (
    SELECT versions.id, versions.status, MIN(first_seen_as_of.as_of) AS seen_at
    FROM versions
    JOIN first_seen_as_of ON first_seen_as_of.first_seen_at = versions.first_seen_at
    WHERE versions.previous_status = 'PENDING' AND versions.status IN ('ACCEPTED', 'REJECTED')
    GROUP BY versions.id, versions.status
), invitations AS (
    SELECT
        received.id,
        received.payload_type,
        received.engagement_id,
        received.engagement_title,
        received.sender_company_name,
        received.status,
        CASE
            WHEN received.status = 'ACCEPTED' THEN 'accepted'
            WHEN received.status = 'REJECTED' THEN 'rejected'
            WHEN received.status = 'EXPIRED' THEN 'lapsed'
            WHEN received.status = 'PENDING' AND received.expiration_date <= freshness.as_of THEN 'lapsed'
            WHEN received.status = 'PENDING' AND received.last_listed_at >= listed.newest THEN 'waiting'
            ELSE 'unclear'
        END AS standing,
        received.invitation_date,
        received.expiration_date,
        CASE WHEN received.status = 'ACCEPTED' THEN tasks.accepted_at END AS accepted_at,
        COALESCE(
            CASE WHEN received.status = 'ACCEPTED' THEN tasks.accepted_at END,
            CASE WHEN answers.seen_at < received.invitation_date THEN received.invitation_date ELSE answers.seen_at END
        ) AS answered_at,
        CASE WHEN received.status = 'ACCEPTED' THEN tasks.opportunity_id END AS opportunity_id,
        freshness.as_of_date
    FROM engagement_invitations AS received
    CROSS JOIN data_as_of AS freshness
    CROSS JOIN listed
    LEFT JOIN tasks ON tasks.id = received.id
    LEFT JOIN answers ON answers.id = received.id AND answers.status = received.status
    WHERE received.participant_type = 'RECEIVER'
)
SELECT
    invitations.id,
    invitations.payload_type,
    invitations.engagement_id,
    invitations.engagement_title,
    invitations.sender_company_name,
    invitations.status,
    invitations.standing,
    invitations.invitation_date,
    invitations.expiration_date,
    CASE
        WHEN invitations.standing = 'waiting'
            THEN DATE_DIFF(
                'day', invitations.as_of_date, CAST(invitations.expiration_date AT TIME ZONE 'UTC' AS DATE)
            )
    END AS days_left,
    invitations.answered_at,
    CASE WHEN invitations.answered_at IS NOT NULL THEN invitations.accepted_at IS NOT NULL END AS answered_is_exact,
    DATE_DIFF(
        'day',
        CAST(invitations.invitation_date AT TIME ZONE 'UTC' AS DATE),
        CAST(invitations.answered_at AT TIME ZONE 'UTC' AS DATE)
    ) AS days_to_answer,
    invitations.opportunity_id,
    opportunities.life_cycle_stage
FROM invitations
LEFT JOIN opportunities ON opportunities.id = invitations.opportunity_id
ORDER BY invitations.invitation_date DESC NULLS LAST, invitations.id
