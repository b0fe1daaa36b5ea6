-- Where does AWS sell with us, where does it only see the opportunity, and how do both end?
--
-- Definition: one row per type and currency of the pipeline: the rows of pipeline_by_group with dimension
-- involvement_type. The type of involvement is AWS's, from aws_opportunity_summaries. The counts up to win_rate_percent
-- are of the whole type, and repeat in each of its rows. The column opportunities counts the ones with an amount in
-- this currency.
-- Pitfalls: an opportunity with two currencies is in two rows. So no column may be added up over rows. Amounts are for
-- one month, and must not be added across currencies. The columns won and lost count every closed opportunity, even if
-- it is gone now. Unless aws_opportunity_summaries are loaded, everything is in the row of no type. The type is the
-- present one, which may have changed on the way.
--
-- Columns:
--   involvement_type [text]: What the partner asks of AWS: Co-Sell or For Visibility Only; null if it is not known.
--     Example: Co-Sell.
--   opportunities_in_group [integer]: Number of pipeline opportunities of the type; the same in each row of the type.
--     Example: 1.
--   validated_in_group [integer]: How many of them AWS approved; the same in each row of the type. Example: 1.
--   won [integer]: Number of opportunities of the type in Launched; the same in each row of the type. Example: 1.
--   lost [integer]: Number of opportunities of the type in Closed Lost; the same in each row of the type. Example: 2.
--   win_rate_percent [decimal]: 100 * won / (won + lost), rounded to one decimal; null if nothing was closed. Example:
--     100.0.
--   currency_code [text]: Currency of the amounts; null if AWS sent none, or for opportunities without an amount.
--     Example: USD.
--   opportunities [integer]: Number of pipeline opportunities of the type with an amount in this currency; without
--     currency and amount, of the ones that have none. Example: 1.
--   monthly_amount [decimal]: Sum of their expected spend a month in this currency; null for opportunities without an
--     amount. Example: 1200.50.
--   validated_amount [decimal]: The part of monthly_amount that AWS approved; null if that is none. Example: 40.25.
--   reporting_amount [decimal]: monthly_amount in the reporting currency; null without a rate. Example: 1200.50.
--   reporting_currency [text]: Reporting currency; null without a rate. Example: USD.
--   rate_date [date]: Oldest first day of the rates that were used; null without a rate, and for the reporting
--     currency itself. Example: 2026-06-05.
SELECT
    value AS involvement_type,
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
WHERE dimension = 'involvement_type'
ORDER BY monthly_amount DESC NULLS LAST, opportunities_in_group DESC, value
