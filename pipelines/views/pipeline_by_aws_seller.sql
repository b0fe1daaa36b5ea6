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
--   aws_seller: Name of the seller; null for opportunities whose seller is not known.
--   opportunities_in_group: Number of pipeline opportunities of the seller; the same in each row of the seller.
--   validated_in_group: How many of them AWS approved; the same in each row of the seller.
--   won: Number of opportunities of the seller in Launched; the same in each row of the seller.
--   lost: Number of opportunities of the seller in Closed Lost; the same in each row of the seller.
--   win_rate_percent: 100 * won / (won + lost), rounded to one decimal; null if nothing was closed.
--   currency_code: Currency of the amounts; null if AWS sent none, or for opportunities without an amount.
--   opportunities: Number of pipeline opportunities of the seller with an amount in this currency; without currency and
--     amount, of the ones that have none.
--   monthly_amount: Sum of their expected spend a month in this currency; null for opportunities without an amount.
--   validated_amount: The part of monthly_amount that AWS approved; null if that is none.
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
    validated_amount
FROM pipeline_by_group
WHERE dimension = 'aws_seller'
ORDER BY monthly_amount DESC NULLS LAST, opportunities_in_group DESC, value
