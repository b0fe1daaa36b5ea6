-- Which pipeline, wins and losses are new business, expansions or renewals?
--
-- Definition: one row per type and currency of the pipeline: the rows of pipeline_by_group with dimension
-- opportunity_type. The types are AWS's. The counts up to win_rate_percent are of the whole type, and repeat in each of
-- its rows. The column opportunities counts the ones with an amount in this currency.
-- Pitfalls: an opportunity with two currencies is in two rows. So no column may be added up over rows. Amounts are for
-- one month, and must not be added across currencies. The columns won and lost count every closed opportunity, even if
-- it is gone now.
--
-- Columns:
--   opportunity_type: Whether it is a new opportunity, a renewal or an expansion, in AWS's words; null if AWS sent
--     none.
--   opportunities_in_group: Number of pipeline opportunities of the type; the same in each row of the type.
--   validated_in_group: How many of them AWS approved; the same in each row of the type.
--   won: Number of opportunities of the type in Launched; the same in each row of the type.
--   lost: Number of opportunities of the type in Closed Lost; the same in each row of the type.
--   win_rate_percent: 100 * won / (won + lost), rounded to one decimal; null if nothing was closed.
--   currency_code: Currency of the amounts; null if AWS sent none, or for opportunities without an amount.
--   opportunities: Number of pipeline opportunities of the type with an amount in this currency; without currency and
--     amount, of the ones that have none.
--   monthly_amount: Sum of their expected spend a month in this currency; null for opportunities without an amount.
--   validated_amount: The part of monthly_amount that AWS approved; null if that is none.
SELECT
    value AS opportunity_type,
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
WHERE dimension = 'opportunity_type'
ORDER BY monthly_amount DESC NULLS LAST, opportunities_in_group DESC, value
