-- Which pipeline, wins and losses does each delivery model have?
--
-- Definition: one row per delivery model and currency of the pipeline: the rows of pipeline_by_group with dimension
-- delivery_model. The delivery models are those of the project, from AWS's list. The counts up to win_rate_percent are
-- of the whole delivery model, and repeat in each of its rows. The column opportunities counts the ones with an amount
-- in this currency.
-- Pitfalls: an opportunity with two currencies is in two rows, and one with two delivery models in the rows of both. So
-- no column may be added up over rows. Amounts are for one month, and must not be added across currencies. The columns
-- won and lost count every closed opportunity, even if it is gone now.
--
-- Columns:
--   delivery_model: Delivery model of the project; null for opportunities without one.
--   opportunities_in_group: Number of pipeline opportunities of the delivery model; the same in each row of the
--     delivery model.
--   validated_in_group: How many of them AWS approved; the same in each row of the delivery model.
--   won: Number of opportunities of the delivery model in Launched; the same in each row of the delivery model.
--   lost: Number of opportunities of the delivery model in Closed Lost; the same in each row of the delivery model.
--   win_rate_percent: 100 * won / (won + lost), rounded to one decimal; null if nothing was closed.
--   currency_code: Currency of the amounts; null if AWS sent none, or for opportunities without an amount.
--   opportunities: Number of pipeline opportunities of the delivery model with an amount in this currency; without
--     currency and amount, of the ones that have none.
--   monthly_amount: Sum of their expected spend a month in this currency; null for opportunities without an amount.
--   validated_amount: The part of monthly_amount that AWS approved; null if that is none.
SELECT
    value AS delivery_model,
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
WHERE dimension = 'delivery_model'
ORDER BY monthly_amount DESC NULLS LAST, opportunities_in_group DESC, value
