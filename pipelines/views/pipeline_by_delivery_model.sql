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
--   delivery_model [text]: Delivery model of the project; null for opportunities without one. Example: Resell.
--   opportunities_in_group [integer]: Number of pipeline opportunities of the delivery model; the same in each row of
--     the delivery model. Example: 1.
--   validated_in_group [integer]: How many of them AWS approved; the same in each row of the delivery model. Example:
--     2.
--   won [integer]: Number of opportunities of the delivery model in Launched; the same in each row of the delivery
--     model. Example: 1.
--   lost [integer]: Number of opportunities of the delivery model in Closed Lost; the same in each row of the delivery
--     model. Example: 2.
--   win_rate_percent [decimal]: 100 * won / (won + lost), rounded to one decimal; null if nothing was closed. Example:
--     33.3.
--   currency_code [text]: Currency of the amounts; null if AWS sent none, or for opportunities without an amount.
--     Example: USD.
--   opportunities [integer]: Number of pipeline opportunities of the delivery model with an amount in this currency;
--     without currency and amount, of the ones that have none. Example: 1.
--   monthly_amount [decimal]: Sum of their expected spend a month in this currency; null for opportunities without an
--     amount. Example: 1200.50.
--   validated_amount [decimal]: The part of monthly_amount that AWS approved; null if that is none. Example: 40.25.
--   reporting_amount [decimal]: monthly_amount in the reporting currency; null without a rate. Example: 1200.50.
--   reporting_currency [text]: Reporting currency; null without a rate. Example: USD.
--   rate_date [date]: Oldest first day of the rates that were used; null without a rate, and for the reporting
--     currency itself. Example: 2026-06-05.
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
    validated_amount,
    reporting_amount,
    reporting_currency,
    rate_date
FROM pipeline_by_group
WHERE dimension = 'delivery_model'
ORDER BY monthly_amount DESC NULLS LAST, opportunities_in_group DESC, value
