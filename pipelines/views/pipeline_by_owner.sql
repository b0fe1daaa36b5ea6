-- Which pipeline, wins and losses does each owner have?
--
-- Definition: one row per owner and currency of the pipeline: the rows of pipeline_by_group with dimension owner. The
-- owner is the OpportunityOwner in the partner's team, as the search found it. The counts up to win_rate_percent are of
-- the whole owner, and repeat in each of its rows. The column opportunities counts the ones with an amount in this
-- currency.
-- Pitfalls: an opportunity with two currencies is in two rows, and one with two owners in the rows of both. So no
-- column may be added up over rows. Amounts are for one month, and must not be added across currencies. The columns won
-- and lost count every closed opportunity, even if it is gone now. Without the search, and with pii = mask or drop,
-- everything is in the row of no owner.
--
-- Columns:
--   owner: Name of the owner in the partner's team; null for opportunities whose owner is not known.
--   opportunities_in_group: Number of pipeline opportunities of the owner; the same in each row of the owner.
--   validated_in_group: How many of them AWS approved; the same in each row of the owner.
--   won: Number of opportunities of the owner in Launched; the same in each row of the owner.
--   lost: Number of opportunities of the owner in Closed Lost; the same in each row of the owner.
--   win_rate_percent: 100 * won / (won + lost), rounded to one decimal; null if nothing was closed.
--   currency_code: Currency of the amounts; null if AWS sent none, or for opportunities without an amount.
--   opportunities: Number of pipeline opportunities of the owner with an amount in this currency; without currency and
--     amount, of the ones that have none.
--   monthly_amount: Sum of their expected spend a month in this currency; null for opportunities without an amount.
--   validated_amount: The part of monthly_amount that AWS approved; null if that is none.
SELECT
    value AS owner,
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
WHERE dimension = 'owner'
ORDER BY monthly_amount DESC NULLS LAST, opportunities_in_group DESC, value
