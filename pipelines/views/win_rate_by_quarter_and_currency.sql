-- What share of the closed amounts was won, quarter by quarter?
--
-- Definition: one row per calendar quarter of opportunity_current.closed_on and per currency, of the deals that
-- win_rate_by_quarter counts. won_amount and lost_amount are the expected spend a month of Launched and of Closed Lost.
-- win_rate_percent = 100 * won_amount / (won_amount + lost_amount). won_in_quarter and lost_in_quarter count deals, and
-- repeat in each row of the quarter.
-- Pitfalls: amounts are what was expected when the deal was last edited, and must not be added across currencies;
-- reporting amounts can be added. They are at the rates of today. An opportunity with two currencies is in two rows. So
-- never add up the columns won and lost. The pitfalls of win_rate_by_quarter apply: before the first sync, the quarter
-- is an estimate.
--
-- Columns:
--   quarter_start [date]: First day of the calendar quarter. Example: 2026-04-01.
--   quarter [text]: Year and quarter as text. Example: 2026-Q2.
--   won_in_quarter [integer]: Number of opportunities in Launched that closed in the quarter; the same in each row of
--     the quarter. Example: 1.
--   lost_in_quarter [integer]: Number of opportunities in Closed Lost that closed in the quarter; the same in each row
--     of the quarter. Example: 1.
--   undated [integer]: How many of both were closed already at the first sync, so that their day is an estimate; the
--     same in each row of the quarter. Example: 1.
--   currency_code [text]: Currency of the amounts; null if AWS sent none, or for opportunities without an amount.
--     Example: JPY.
--   won [integer]: Number of opportunities in Launched with an amount in this currency; without currency and amount, of
--     the ones that have none. Example: 1.
--   lost [integer]: Number of opportunities in Closed Lost, counted as won. Example: 1.
--   won_amount [decimal]: Sum of the expected spend a month that was won in this currency; null if there is none.
--     Example: 300000.00.
--   lost_amount [decimal]: Sum of the expected spend a month that was lost in this currency; null if there is none.
--     Example: 10.00.
--   win_rate_percent [decimal]: 100 * won_amount / (won_amount + lost_amount), rounded to one decimal; null without an
--     amount. Example: 100.0.
--   reporting_won_amount [decimal]: won_amount in the reporting currency; null without a rate. Example: 3000.00.
--   reporting_lost_amount [decimal]: lost_amount in the reporting currency; null without a rate. Example: 10.00.
--   reporting_currency [text]: Reporting currency; null without a rate. Example: USD.
--   rate_date [date]: Oldest first day of the rates that were used; null without a rate, and for the reporting
--     currency itself. Example: 2026-06-10.
WITH amounts AS (
    SELECT
        CAST(DATE_TRUNC('quarter', CAST(opportunity_current.closed_on AS DATE)) AS DATE) AS quarter_start,
        opportunity_spend.currency_code,
        COUNT(CASE WHEN opportunity_current.life_cycle_stage = 'Launched' THEN 1 END) AS won,
        COUNT(CASE WHEN opportunity_current.life_cycle_stage = 'Closed Lost' THEN 1 END) AS lost,
        SUM(CASE WHEN opportunity_current.life_cycle_stage = 'Launched' THEN opportunity_spend.monthly_amount END)
            AS won_amount,
        SUM(CASE WHEN opportunity_current.life_cycle_stage = 'Closed Lost' THEN opportunity_spend.monthly_amount END)
            AS lost_amount,
        SUM(CASE WHEN opportunity_current.life_cycle_stage = 'Launched' THEN opportunity_spend.reporting_amount END)
            AS reporting_won_amount,
        SUM(CASE WHEN opportunity_current.life_cycle_stage = 'Closed Lost' THEN opportunity_spend.reporting_amount END)
            AS reporting_lost_amount,
        MAX(opportunity_spend.reporting_currency) AS reporting_currency,
        MIN(opportunity_spend.rate_date) AS rate_date
    FROM opportunity_current
    LEFT JOIN opportunity_spend ON opportunity_spend.id = opportunity_current.id
    WHERE NOT opportunity_current.is_open
    GROUP BY
        CAST(DATE_TRUNC('quarter', CAST(opportunity_current.closed_on AS DATE)) AS DATE),
        opportunity_spend.currency_code
)
SELECT
    win_rate_by_quarter.quarter_start,
    win_rate_by_quarter.quarter,
    win_rate_by_quarter.won AS won_in_quarter,
    win_rate_by_quarter.lost AS lost_in_quarter,
    win_rate_by_quarter.undated,
    amounts.currency_code,
    amounts.won,
    amounts.lost,
    amounts.won_amount,
    amounts.lost_amount,
    ROUND(
        CAST(
            100 * CAST(COALESCE(amounts.won_amount, 0) AS DOUBLE) / NULLIF(
                CAST(COALESCE(amounts.won_amount, 0) AS DOUBLE) + CAST(COALESCE(amounts.lost_amount, 0) AS DOUBLE), 0
            ) AS DECIMAL(18, 9)
        ),
        1
    ) AS win_rate_percent,
    amounts.reporting_won_amount,
    amounts.reporting_lost_amount,
    amounts.reporting_currency,
    amounts.rate_date
FROM amounts
JOIN win_rate_by_quarter ON win_rate_by_quarter.quarter_start = amounts.quarter_start
ORDER BY amounts.quarter_start DESC, amounts.won_amount DESC NULLS LAST, amounts.currency_code
