-- What may one opportunity bring a month, in each currency?
--
-- Definition: one row per opportunity and currency: its expected customer spend, entries of one currency added up.
-- Pitfalls: amounts are a month's. Never add rows of different currencies; currency_code is null where AWS sent none.
-- Entries whose frequency is given and is not Monthly (AWS knows no other today), and entries without an amount, are
-- left out.
SELECT
    opportunity_id AS id,
    currency_code,
    SUM(amount) AS monthly_amount
FROM opportunities__project_expected_customer_spend
WHERE amount IS NOT NULL AND COALESCE(frequency, 'Monthly') = 'Monthly'
GROUP BY opportunity_id, currency_code
