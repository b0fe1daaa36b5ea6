-- What may a contract bring over its whole length?
--
-- Definition: one row per opportunity and currency, not gone, with an amount and a contract length. The column
-- total_contract_value is the expected spend a month times the contract's months.
-- Pitfalls: the view has open, won and lost deals. So choose by is_pipeline, is_validated or life_cycle_stage before
-- adding up, and never add across currencies. Deals without an amount or length are in no row. The value is null for a
-- length below 1 or above 1200 months, and for amounts of more than 33 digits.
--
-- Columns:
--   id: AWS's identifier of the opportunity.
--   customer_company_name: Company name of the customer.
--   life_cycle_stage: Stage of the opportunity; null if AWS sent none.
--   review_standing: Where it stands in AWS's review, as in opportunity_current.
--   is_pipeline: True if it is open, and neither rejected nor still to be submitted.
--   is_validated: True for the part of the pipeline that AWS approved.
--   life_cycle_target_close_date: Day on which the deal is expected to close.
--   contract_months: Length of the expected contract in months.
--   currency_code: Currency of the amounts; null if AWS sent none.
--   monthly_amount: Expected spend a month in this currency.
--   total_contract_value: monthly_amount times contract_months, in this currency.
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
    END AS total_contract_value
FROM opportunity_current
JOIN opportunity_spend ON opportunity_spend.id = opportunity_current.id
WHERE NOT opportunity_current.is_gone AND opportunity_current.contract_months IS NOT NULL
ORDER BY
    opportunity_current.is_pipeline DESC,
    total_contract_value DESC NULLS LAST,
    opportunity_current.id
