-- What may a contract bring over its whole length?
--
-- Definition: one row per opportunity and currency, not gone, with an amount and a contract length. The column
-- total_contract_value is the expected spend a month times the contract's months.
-- Pitfalls: the view has open, won and lost deals. So choose by is_pipeline, is_validated or life_cycle_stage before
-- adding up, and never add across currencies; reporting_total_contract_value can be added. Deals without an amount or
-- length are in no row. Both values are null for a length below 1 or above 1200 months, and for amounts of more than 33
-- digits.
--
-- Columns:
--   id [text]: AWS's identifier of the opportunity. Example: A1.
--   customer_company_name [text]: Company name of the customer. Example: Acme.
--   life_cycle_stage [text]: Stage of the opportunity; null if AWS sent none. Example: Qualified.
--   review_standing [text]: Where it stands in AWS's review, as in opportunity_current. Example: in review.
--   is_pipeline [boolean]: True if it is open, and neither rejected nor still to be submitted. Example: true.
--   is_validated [boolean]: True for the part of the pipeline that AWS approved. Example: false.
--   life_cycle_target_close_date [date]: Day on which the deal is expected to close. Example: 2026-08-15.
--   contract_months [integer]: Length of the expected contract in months. Example: 12.
--   currency_code [text]: Currency of the amounts; null if AWS sent none. Example: USD.
--   monthly_amount [decimal]: Expected spend a month in this currency. Example: 1200.50.
--   total_contract_value [decimal]: monthly_amount times contract_months, in this currency. Example: 14406.00.
--   reporting_total_contract_value [decimal]: The expected spend a month in the reporting currency, times
--     contract_months; null without a rate. Example: 14406.00.
--   reporting_currency [text]: Reporting currency; null without a rate. Example: USD.
--   rate_date [date]: First day on which the rate was valid; null without a rate, and for the reporting currency
--     itself. Example: 2026-06-05.
SELECT
    opportunity_current.id,
    opportunity_current.customer_company_name,
    opportunity_current.life_cycle_stage,
    opportunity_current.review_standing,
    opportunity_current.is_pipeline,
    opportunity_current.is_validated,
    opportunity_current.life_cycle_target_close_date,
    opportunity_current.contract_months,
    opportunity_spend.currency_code,
    opportunity_spend.monthly_amount,
    CASE
        WHEN opportunity_current.contract_months BETWEEN 1 AND 1200
            AND opportunity_spend.monthly_amount / 1000000000000000000 < 1000000000000000
            THEN opportunity_spend.monthly_amount * opportunity_current.contract_months
    END AS total_contract_value,
    CASE
        WHEN opportunity_current.contract_months BETWEEN 1 AND 1200
            AND opportunity_spend.reporting_amount / 1000000000000000000 < 1000000000000000
            THEN opportunity_spend.reporting_amount * opportunity_current.contract_months
    END AS reporting_total_contract_value,
    opportunity_spend.reporting_currency,
    opportunity_spend.rate_date
FROM opportunity_current
JOIN opportunity_spend ON opportunity_spend.id = opportunity_current.id
WHERE NOT opportunity_current.is_gone AND opportunity_current.contract_months IS NOT NULL
ORDER BY
    opportunity_current.is_pipeline DESC,
    total_contract_value DESC NULLS LAST,
    opportunity_current.id
