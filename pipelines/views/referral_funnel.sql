-- What became of the opportunities that others offered the partner, above all AWS?
--
-- Definition: one row per month of the invitation and sender, of received invitations to an opportunity
-- (OpportunityInvitation). The columns accepted, rejected, lapsed, waiting and unclear are as in received_invitations,
-- and add up to invited. The columns won and lost are of the accepted ones.
-- Pitfalls: a referral of AWS is a row whose sender is AWS; invitations of other partners have rows of their own. A
-- young month has more to come. The median is of the answers whose time is known (answers_dated), so it can be of few.
-- Invitations to a lead are in received_invitations only. The view is empty unless engagement_invitations are loaded.
--
-- Columns:
--   invitation_month: First day of the month in which the invitations were sent, in UTC; null without a date.
--   sender_company_name: Company that sent the invitations.
--   invited: Number of invitations.
--   accepted: How many of them the partner accepted.
--   rejected: How many of them the partner rejected.
--   lapsed: How many of them expired without an answer.
--   waiting: How many of them still wait for an answer.
--   unclear: How many of them have an unknown status, or are pending and listed no more.
--   accepted_percent: 100 * accepted / (accepted + rejected + lapsed), rounded to one decimal; null if nothing was
--     decided.
--   answers_dated: How many of the accepted and rejected ones have a known time of the answer.
--   median_days_to_answer: Median of days_to_answer of these, rounded to one decimal; null if there are none.
--   won: How many of the accepted ones became an opportunity that is in Launched now.
--   lost: How many of the accepted ones became an opportunity that is in Closed Lost now.
WITH invitations AS (
    SELECT
        CAST(DATE_TRUNC('month', CAST(received_invitations.invitation_date AT TIME ZONE 'UTC' AS DATE)) AS DATE)
            AS invitation_month,
        received_invitations.sender_company_name,
        received_invitations.standing,
        received_invitations.days_to_answer,
        received_invitations.life_cycle_stage
    FROM received_invitations
    WHERE received_invitations.payload_type = 'OpportunityInvitation'
), places AS (
    SELECT
        invitations.invitation_month,
        invitations.sender_company_name,
        invitations.standing,
        invitations.days_to_answer,
        invitations.life_cycle_stage,
        ROW_NUMBER() OVER (
            PARTITION BY invitations.invitation_month, invitations.sender_company_name
            ORDER BY
                CASE WHEN invitations.days_to_answer IS NULL THEN 1 ELSE 0 END,
                invitations.days_to_answer
        ) AS place,
        COUNT(invitations.days_to_answer) OVER (
            PARTITION BY invitations.invitation_month, invitations.sender_company_name
        ) AS all_answers
    FROM invitations
)
SELECT
    places.invitation_month,
    places.sender_company_name,
    COUNT(*) AS invited,
    COUNT(CASE WHEN places.standing = 'accepted' THEN 1 END) AS accepted,
    COUNT(CASE WHEN places.standing = 'rejected' THEN 1 END) AS rejected,
    COUNT(CASE WHEN places.standing = 'lapsed' THEN 1 END) AS lapsed,
    COUNT(CASE WHEN places.standing = 'waiting' THEN 1 END) AS waiting,
    COUNT(CASE WHEN places.standing = 'unclear' THEN 1 END) AS unclear,
    CASE
        WHEN COUNT(CASE WHEN places.standing IN ('accepted', 'rejected', 'lapsed') THEN 1 END) > 0
            THEN ROUND(
                CAST(
                    100.0 * COUNT(CASE WHEN places.standing = 'accepted' THEN 1 END)
                    / GREATEST(COUNT(CASE WHEN places.standing IN ('accepted', 'rejected', 'lapsed') THEN 1 END), 1)
                    AS DECIMAL(18, 9)
                ),
                1
            )
    END AS accepted_percent,
    COUNT(places.days_to_answer) AS answers_dated,
    ROUND(
        CAST(
            AVG(
                CASE WHEN places.days_to_answer IS NOT NULL
                    AND 2 * places.place BETWEEN places.all_answers AND places.all_answers + 2
                    THEN places.days_to_answer
                END
            ) AS DECIMAL(18, 9)
        ),
        1
    ) AS median_days_to_answer,
    COUNT(CASE WHEN places.life_cycle_stage = 'Launched' THEN 1 END) AS won,
    COUNT(CASE WHEN places.life_cycle_stage = 'Closed Lost' THEN 1 END) AS lost
FROM places
GROUP BY places.invitation_month, places.sender_company_name
ORDER BY places.invitation_month DESC NULLS LAST, COUNT(*) DESC, places.sender_company_name
