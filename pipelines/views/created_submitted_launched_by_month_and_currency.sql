-- Which amounts were created, submitted, approved, launched and lost, month by month?
--
-- Definition: one row per calendar month and currency, of the opportunities that created_submitted_launched_by_month
-- counts. Each amount is the expected spend a month of these opportunities in that currency, as it is now. The row
-- without a month has submissions and approvals in a month that no sync saw.
-- Pitfalls: the amount is today's, not the one at the time of the milestone. An opportunity with two currencies is in
-- two rows, and one without an amount in none. Amounts must not be added across currencies. The pitfalls of
-- created_submitted_launched_by_month apply.
--
-- Columns:
--   month_start: First day of the month; null for submissions and approvals in a month that no sync saw.
--   currency_code: Currency of the amounts; null if AWS sent none.
--   created_amount: Expected spend a month of the opportunities that were created in the month; null if there are none.
--   submitted_amount: The same of the ones that came into review for the first time.
--   approved_amount: The same of the ones that AWS approved for the first time.
--   launched_amount: The same of the ones in Launched that closed in the month.
--   lost_amount: The same of the ones in Closed Lost that closed in the month.
WITH dated AS (
    SELECT
        id,
        milestone,
        CASE
            WHEN CAST(DATE_TRUNC('month', CAST(earliest_on AS DATE)) AS DATE)
                = CAST(DATE_TRUNC('month', CAST(reached_on AS DATE)) AS DATE)
                THEN CAST(DATE_TRUNC('month', CAST(reached_on AS DATE)) AS DATE)
        END AS month_start
    FROM opportunity_milestones
)
SELECT
    dated.month_start,
    opportunity_spend.currency_code,
    SUM(CASE WHEN dated.milestone = 'created' THEN opportunity_spend.monthly_amount END) AS created_amount,
    SUM(CASE WHEN dated.milestone = 'submitted' THEN opportunity_spend.monthly_amount END) AS submitted_amount,
    SUM(CASE WHEN dated.milestone = 'approved' THEN opportunity_spend.monthly_amount END) AS approved_amount,
    SUM(CASE WHEN dated.milestone = 'launched' THEN opportunity_spend.monthly_amount END) AS launched_amount,
    SUM(CASE WHEN dated.milestone = 'lost' THEN opportunity_spend.monthly_amount END) AS lost_amount
FROM dated
JOIN opportunity_spend ON opportunity_spend.id = dated.id
GROUP BY dated.month_start, opportunity_spend.currency_code
ORDER BY dated.month_start DESC NULLS LAST, created_amount DESC NULLS LAST, opportunity_spend.currency_code
