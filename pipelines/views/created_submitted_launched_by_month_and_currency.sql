-- Which amounts were created, submitted, approved, launched and lost, month by month?
--
-- Definition: one row per calendar month and currency, of the opportunities that created_submitted_launched_by_month
-- counts. Each amount is the expected spend a month of these opportunities in that currency, as it is now. The row
-- without a month has submissions and approvals in a month that no sync saw.
-- Pitfalls: the amount is today's, not the one at the time of the milestone. An opportunity with two currencies is in
-- two rows, and one without an amount in none. Amounts must not be added across currencies; reporting amounts can be
-- added. They are at the rates of today. The pitfalls of created_submitted_launched_by_month apply.
--
-- Columns:
--   month_start [date]: First day of the month; null for submissions and approvals in a month that no sync saw.
--     Example: 2026-06-01.
--   currency_code [text]: Currency of the amounts; null if AWS sent none. Example: USD.
--   created_amount [decimal]: Expected spend a month of the opportunities that were created in the month; null if there
--     are none. Example: 1250.75.
--   submitted_amount [decimal]: The same of the ones that came into review for the first time. Example: 1240.75.
--   approved_amount [decimal]: The same of the ones that AWS approved for the first time. Example: 40.25.
--   launched_amount [decimal]: The same of the ones in Launched that closed in the month. Example: 300000.00.
--   lost_amount [decimal]: The same of the ones in Closed Lost that closed in the month. Example: 10.00.
--   reporting_created_amount [decimal]: created_amount in the reporting currency; null without a rate. Example:
--     1250.75.
--   reporting_submitted_amount [decimal]: submitted_amount in the reporting currency; null without a rate. Example:
--     1240.75.
--   reporting_approved_amount [decimal]: approved_amount in the reporting currency; null without a rate. Example:
--     40.25.
--   reporting_launched_amount [decimal]: launched_amount in the reporting currency; null without a rate. Example:
--     3000.00.
--   reporting_lost_amount [decimal]: lost_amount in the reporting currency; null without a rate. Example: 10.00.
--   reporting_currency [text]: Reporting currency; null without a rate. Example: USD.
--   rate_date [date]: Oldest first day of the rates that were used; null without a rate, and for the reporting
--     currency itself. Example: 2026-06-10.
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
    SUM(CASE WHEN dated.milestone = 'lost' THEN opportunity_spend.monthly_amount END) AS lost_amount,
    SUM(CASE WHEN dated.milestone = 'created' THEN opportunity_spend.reporting_amount END) AS reporting_created_amount,
    SUM(CASE WHEN dated.milestone = 'submitted' THEN opportunity_spend.reporting_amount END)
        AS reporting_submitted_amount,
    SUM(CASE WHEN dated.milestone = 'approved' THEN opportunity_spend.reporting_amount END)
        AS reporting_approved_amount,
    SUM(CASE WHEN dated.milestone = 'launched' THEN opportunity_spend.reporting_amount END)
        AS reporting_launched_amount,
    SUM(CASE WHEN dated.milestone = 'lost' THEN opportunity_spend.reporting_amount END) AS reporting_lost_amount,
    MAX(opportunity_spend.reporting_currency) AS reporting_currency,
    MIN(opportunity_spend.rate_date) AS rate_date
FROM dated
JOIN opportunity_spend ON opportunity_spend.id = dated.id
GROUP BY dated.month_start, opportunity_spend.currency_code
ORDER BY dated.month_start DESC NULLS LAST, created_amount DESC NULLS LAST, opportunity_spend.currency_code
