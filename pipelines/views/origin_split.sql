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
--   origin: Who brought the opportunities, in AWS's words: AWS Referral or Partner Referral; null if it is not known.
--   opportunities_in_group: Number of pipeline opportunities of the origin; the same in each row of the origin.
--   validated_in_group: How many of them AWS approved; the same in each row of the origin.
--   won: Number of opportunities of the origin in Launched; the same in each row of the origin.
--   lost: Number of opportunities of the origin in Closed Lost; the same in each row of the origin.
--   win_rate_percent: 100 * won / (won + lost), rounded to one decimal; null if nothing was closed.
--   currency_code: Currency of the amounts; null if AWS sent none, or for opportunities without an amount.
--   opportunities: Number of pipeline opportunities of the origin with an amount in this currency; without currency and
--     amount, of the ones that have none.
--   monthly_amount: Sum of their expected spend a month in this currency; null for opportunities without an amount.
--   validated_amount: The part of monthly_amount that AWS approved; null if that is none.
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
    validated_amount
FROM pipeline_by_group
WHERE dimension = 'origin'
ORDER BY monthly_amount DESC NULLS LAST, opportunities_in_group DESC, value
