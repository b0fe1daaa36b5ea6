-- What may one opportunity bring a month, in each currency?
--
-- Definition: one row per opportunity and currency: the sum of its expected customer spend in that currency.
-- Pitfalls: amounts are for one month. Never add rows of different currencies. currency_code is null if AWS sent none.
-- Entries without an amount are left out, and so are entries with a frequency other than Monthly. AWS knows no other
-- frequency today.
--
-- Columns:
--   id: AWS's identifier of the opportunity.
--   currency_code: Currency of monthly_amount; null if AWS sent none.
--   monthly_amount: Sum of the expected customer spend a month in this currency.
SELECT
    opportunity_id AS id,
    currency_code,
    SUM(amount) AS monthly_amount
FROM opportunities__project_expected_customer_spend
WHERE amount IS NOT NULL AND COALESCE(frequency, 'Monthly') = 'Monthly'
GROUP BY opportunity_id, currency_code
