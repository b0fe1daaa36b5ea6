-- Which invitations wait for the partner's answer, and how long is left?
--
-- Definition: one row per received invitation that is pending, in the newest list, and not expired at
-- data_freshness.as_of. The one that expires first comes first.
-- Pitfalls: now is the newest watermark, not the clock, so less time can be left than days_left says.
-- data_freshness.last_success_at shows whether syncs still run. The view is empty unless engagement_invitations are
-- loaded.
--
-- Columns:
--   id: AWS's identifier of the invitation.
--   payload_type: What the partner is invited to, in AWS's words: OpportunityInvitation, LeadInvitation or another.
--   engagement_title: Title of the engagement.
--   sender_company_name: Company that sent the invitation.
--   invitation_date: When the invitation was sent.
--   expiration_date: When the invitation expires.
--   days_waiting: Days from invitation_date to data_freshness.as_of.
--   days_left: Days from data_freshness.as_of to the expiration date.
SELECT
    received_invitations.id,
    received_invitations.payload_type,
    received_invitations.engagement_title,
    received_invitations.sender_company_name,
    received_invitations.invitation_date,
    received_invitations.expiration_date,
    DATE_DIFF(
        'day', CAST(received_invitations.invitation_date AT TIME ZONE 'UTC' AS DATE), data_freshness.as_of_date
    ) AS days_waiting,
    received_invitations.days_left
FROM received_invitations
JOIN data_freshness ON data_freshness.stream = 'opportunities'
WHERE received_invitations.standing = 'waiting'
ORDER BY received_invitations.expiration_date, received_invitations.id
