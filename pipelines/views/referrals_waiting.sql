-- Which invitations wait for the partner's answer, and how long is left?
--
-- Definition: one row per received invitation that is pending, in the newest list, and not expired at
-- data_freshness.as_of. The one that expires first comes first.
-- Pitfalls: now is the newest watermark, not the clock, so less time can be left than days_left says.
-- data_freshness.last_success_at shows whether syncs still run. The view is empty unless engagement_invitations are
-- loaded.
--
-- Columns:
--   id [text]: AWS's identifier of the invitation. Example: i2.
--   payload_type [text]: What the partner is invited to, in AWS's words: OpportunityInvitation, LeadInvitation or
--     another. Example: OpportunityInvitation.
--   engagement_title [text]: Title of the engagement. Example: Archive for a museum.
--   sender_company_name [text]: Company that sent the invitation. Example: AWS.
--   invitation_date [timestamp]: When the invitation was sent. Example: 2026-06-08 09:00 UTC.
--   expiration_date [timestamp]: When the invitation expires. Example: 2026-06-13 09:00 UTC.
--   days_waiting [integer]: Days from invitation_date to data_freshness.as_of. Example: 2.
--   days_left [integer]: Days from data_freshness.as_of to the expiration date. Example: 3.
SELECT
    received_invitations.id,
    received_invitations.payload_type,
    received_invitations.engagement_title,
    received_invitations.sender_company_name,
    received_invitations.invitation_date,
    received_invitations.expiration_date,
    DATE_DIFF(
        'day', CAST(received_invitations.invitation_date AT TIME ZONE 'UTC' AS DATE), data_as_of.as_of_date
    ) AS days_waiting,
    received_invitations.days_left
FROM received_invitations
CROSS JOIN data_as_of
WHERE received_invitations.standing = 'waiting'
ORDER BY received_invitations.expiration_date, received_invitations.id
