-- What did AWS bring, and what did the partner bring?
--
-- Definition: one row per origin and currency of the pipeline: the rows of pipeline_by_group with dimension origin. The
-- origin is AWS Referral or Partner Referral, as in opportunity_current. The counts up to win_rate_percent are of the
-- whole origin, and repeat in each of its rows. The column opportunities counts the ones with an amount in this
-- currency.
-- Pitfalls: an opportunity with two currencies is in two rows. So no column may be added up over rows. Amounts are for
-- one month, and must not be added across currencies. The columns won and lost count every closed opportunity, even if
-- it is gone now. Without the search and aws_opportunity_summaries, only accepted referrals are known, and the rest is
-- in the row of no origin. AWS has no origin for what was not submitted.
--
-- Columns:
--   origin [text]: Who brought the opportunities, in AWS's words: AWS Referral or Partner Referral; null if it is not
--     known. Example: Partner Referral.
--   opportunities_in_group [integer]: Number of pipeline opportunities of the origin; the same in each row of the
--     origin. Example: 1.
--   validated_in_group [integer]: How many of them AWS approved; the same in each row of the origin. Example: 2.
--   won [integer]: Number of opportunities of the origin in Launched; the same in each row of the origin. Example: 1.
--   lost [integer]: Number of opportunities of the origin in Closed Lost; the same in each row of the origin. Example:
--     2.
--   win_rate_percent [decimal]: 100 * won / (won + lost), rounded to one decimal; null if nothing was closed. Example:
--     100.0.
--   currency_code [text]: Currency of the amounts; null if AWS sent none, or for opportunities without an amount.
--     Example: USD.
--   opportunities [integer]: Number of pipeline opportunities of the origin with an amount in this currency; without
--     currency and amount, of the ones that have none. Example: 1.
--   monthly_amount [decimal]: Sum of their expected spend a month in this currency; null for opportunities without an
--     amount. Example: 1200.50.
--   validated_amount [decimal]: The part of monthly_amount that AWS approved; null if that is none. Example: 40.25.
--   reporting_amount [decimal]: monthly_amount in the reporting currency; null without a rate. Example: 1200.50.
--   reporting_currency [text]: Reporting currency; null without a rate. Example: USD.
--   rate_date [date]: Oldest first day of the rates that were used; null without a rate, and for the reporting
--     currency itself. Example: 2026-06-05.
SELECT
    value AS origin,
    opportunities_in_group,
    validated_in_group,
    won,
    lost,
    win_rate_percent,
    currency_code,
    opportunities,
    monthly_amount,
    validated_amount,
    reporting_amount,
    reporting_currency,
    rate_date
FROM pipeline_by_group
WHERE dimension = 'origin'
ORDER BY monthly_amount DESC NULLS LAST, opportunities_in_group DESC, value
