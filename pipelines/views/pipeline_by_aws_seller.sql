-- Which pipeline, wins and losses does each seller of AWS have?
--
-- Definition: one row per seller and currency of the pipeline: the rows of pipeline_by_group with dimension aws_seller.
-- A seller is an AWSSalesRep or AWSAccountOwner of the team in aws_opportunity_summaries. If that has none for an
-- opportunity, it is one of the team that the search found. The counts up to win_rate_percent are of the whole seller,
-- and repeat in each of its rows. The column opportunities counts the ones with an amount in this currency.
-- Pitfalls: an opportunity with two currencies is in two rows, and one with two sellers in the rows of both. So no
-- column may be added up over rows. Amounts are for one month, and must not be added across currencies. The columns won
-- and lost count every closed opportunity, even if it is gone now. Partner managers of AWS (PDM, PSM, ISVSM, WWPSPDM)
-- are not sellers. With pii = mask or drop, no seller is known, because titles are concealed too.
--
-- Columns:
--   aws_seller [text]: Name of the seller; null for opportunities whose seller is not known. Example: Al Ash.
--   opportunities_in_group [integer]: Number of pipeline opportunities of the seller; the same in each row of the
--     seller. Example: 1.
--   validated_in_group [integer]: How many of them AWS approved; the same in each row of the seller. Example: 1.
--   won [integer]: Number of opportunities of the seller in Launched; the same in each row of the seller. Example: 1.
--   lost [integer]: Number of opportunities of the seller in Closed Lost; the same in each row of the seller. Example:
--     2.
--   win_rate_percent [decimal]: 100 * won / (won + lost), rounded to one decimal; null if nothing was closed. Example:
--     100.0.
--   currency_code [text]: Currency of the amounts; null if AWS sent none, or for opportunities without an amount.
--     Example: USD.
--   opportunities [integer]: Number of pipeline opportunities of the seller with an amount in this currency; without
--     currency and amount, of the ones that have none. Example: 1.
--   monthly_amount [decimal]: Sum of their expected spend a month in this currency; null for opportunities without an
--     amount. Example: 1200.50.
--   validated_amount [decimal]: The part of monthly_amount that AWS approved; null if that is none. Example: 40.25.
--   reporting_amount [decimal]: monthly_amount in the reporting currency; null without a rate. Example: 1200.50.
--   reporting_currency [text]: Reporting currency; null without a rate. Example: USD.
--   rate_date [date]: Oldest first day of the rates that were used; null without a rate, and for the reporting
--     currency itself. Example: 2026-06-05.
SELECT
    value AS aws_seller,
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
WHERE dimension = 'aws_seller'
ORDER BY monthly_amount DESC NULLS LAST, opportunities_in_group DESC, value
