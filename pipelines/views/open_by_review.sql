-- How much of what is open is validated, in review, or no pipeline at all?
--
-- Definition: one row per review_standing and currency, of opportunities that are open and not gone. is_pipeline is
-- false for the ones that AWS rejected and for the ones that were never submitted. opportunities_in_standing counts the
-- whole standing, and repeats in each of its rows.
-- Pitfalls: an opportunity with two currencies is in two rows. Amounts are for one month and must not be added across
-- currencies; reporting_amount can be.
--
-- Columns:
--   review_standing [text]: Where the opportunity stands in AWS's review: approved, in review, action required, not
--     submitted, rejected, or unknown. Example: approved.
--   is_pipeline [boolean]: True unless it is rejected or still to be submitted. Example: true.
--   opportunities_in_standing [integer]: Number of opportunities with this standing; the same in each of its rows.
--     Example: 2.
--   currency_code [text]: Currency of monthly_amount; null if AWS sent none, or for opportunities without an amount.
--     Example: USD.
--   opportunities [integer]: Number of opportunities with this standing and an amount in this currency; without
--     currency and amount, of the ones that have none. Example: 1.
--   monthly_amount [decimal]: Sum of their expected spend a month in this currency; null for opportunities without an
--     amount. Example: 40.25.
--   reporting_amount [decimal]: monthly_amount in the reporting currency; null without a rate. Example: 40.25.
--   reporting_currency [text]: Reporting currency; null without a rate. Example: USD.
--   rate_date [date]: Oldest first day of the rates that were used; null without a rate, and for the reporting
--     currency itself. Example: 2026-06-05.
WITH open_ones AS (
    SELECT id, review_standing, is_pipeline
    FROM opportunity_standing
    WHERE is_open AND NOT is_gone
), sizes AS (
    SELECT review_standing, COUNT(*) AS opportunities_in_standing
    FROM open_ones
    GROUP BY review_standing
), amounts AS (
    SELECT
        open_ones.review_standing,
        open_ones.is_pipeline,
        opportunity_spend.currency_code,
        opportunity_spend.reporting_currency,
        COUNT(*) AS opportunities,
        SUM(opportunity_spend.monthly_amount) AS monthly_amount,
        SUM(opportunity_spend.reporting_amount) AS reporting_amount,
        MIN(opportunity_spend.rate_date) AS rate_date
    FROM open_ones
    LEFT JOIN opportunity_spend ON opportunity_spend.id = open_ones.id
    GROUP BY
        open_ones.review_standing,
        open_ones.is_pipeline,
        opportunity_spend.currency_code,
        opportunity_spend.reporting_currency
)
SELECT
    amounts.review_standing,
    amounts.is_pipeline,
    sizes.opportunities_in_standing,
    amounts.currency_code,
    amounts.opportunities,
    amounts.monthly_amount,
    amounts.reporting_amount,
    amounts.reporting_currency,
    amounts.rate_date
FROM amounts
JOIN sizes ON sizes.review_standing = amounts.review_standing
ORDER BY sizes.opportunities_in_standing DESC, amounts.monthly_amount DESC
