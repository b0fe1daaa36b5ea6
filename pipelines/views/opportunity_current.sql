-- What is the current state of every opportunity?
--
-- Definition: one row per opportunity, as last seen, with facts from its dates and its history. is_open means neither
-- Launched nor Closed Lost. is_gone means missing from the newest full listing, since gone_since. The row then has what
-- was last seen. rejected_since is set if AWS has a version that could not become a row (see opportunities_rejected).
-- All columns are then of an older version. Days are whole days between UTC dates, up to data_freshness.as_of.
-- closed_on is the day when a closing was seen. If the opportunity was closed at the first sync, it is the earlier of
-- target close date and last change. monthly_spend is a text to read ("EUR 500.00, USD 1200.00"). monthly_amount and
-- currency_code are filled if there is exactly one currency, so that rows can be sorted. What the list of opportunities
-- lacks comes from other streams, from origin on. It is null where such a stream is off or refused.
-- Pitfalls: now is the newest watermark, not the clock. If stage_since_is_seen or review_since_is_seen is false, the
-- days are at least that many. Review fields exist for opportunities that the partner originated; AWS fills them for no
-- others. Columns that AWS adds later are in opportunities, not here.
--
-- Columns:
--   id: AWS's identifier of the opportunity.
--   partner_opportunity_identifier: Identifier of the opportunity in the partner's own CRM.
--   opportunity_type: Whether it is a new opportunity, a renewal or an expansion, in AWS's words.
--   customer_company_name: Company name of the customer.
--   customer_industry: Industry of the customer.
--   customer_country_code: Country of the customer, as a code of two letters.
--   customer_state_or_region: State or region of the customer.
--   customer_city: City of the customer.
--   customer_website_url: Website of the customer.
--   created_date: When the opportunity was created in AWS.
--   last_modified_date: When the opportunity was last changed in AWS.
--   life_cycle_stage: Stage of the opportunity; null if AWS sent none.
--   stage_order: Place of the stage in the usual order, from 1; null for a stage that life_cycle_stages does not list.
--   life_cycle_review_status: AWS's review status of the opportunity.
--   life_cycle_review_status_reason: Reason that AWS gave for the review status.
--   life_cycle_review_comments: What AWS's reviewer wants to be changed or added.
--   life_cycle_closed_lost_reason: Reason for Closed Lost that the partner chose; null if none was given.
--   life_cycle_next_steps: Next steps, as the partner wrote them.
--   life_cycle_target_close_date: Day on which the deal is expected to close.
--   is_open: True if the stage is neither Launched nor Closed Lost.
--   is_gone: True if the newest full listing lacks the opportunity.
--   gone_since: When the first full listing without the opportunity began; null while it is listed.
--   rejected_since: LastModifiedDate of AWS's version, if that could not become a row and this row is older; otherwise
--     null.
--   review_standing: Where it stands in AWS's review: approved, in review, action required, not submitted, rejected, or
--     unknown.
--   is_pipeline: True if it is open, not gone, and neither rejected nor still to be submitted.
--   is_validated: True for the part of the pipeline that AWS approved.
--   age_days: Days from its creation in AWS to data_freshness.as_of.
--   days_unchanged: Days from the last change in AWS to data_freshness.as_of.
--   stage_since: When the present stage began: LastModifiedDate of the first version with it that was seen.
--   stage_since_is_seen: True if syncs saw the stage begin; if false, it may have begun earlier.
--   stage_since_is_inferred: True if stage_since is the creation date, since nothing had changed when it was first
--     seen.
--   days_in_stage: Days from the change to the present stage to data_freshness.as_of; at least that many if a sync did
--     not see the change.
--   review_since: When the present review status began, as entered_at in review_periods; null without a review status.
--   review_since_is_seen: True if syncs saw the review status begin; null without a review status.
--   review_since_is_inferred: True if review_since is the creation date, since nothing had changed when it was first
--     seen; null without a review status.
--   days_in_review_status: Days from review_since to data_freshness.as_of; null without a review status.
--   days_to_target_close: Days from data_freshness.as_of to the target close date; negative if it has passed.
--   closed_on: Day when a closed opportunity closed, or an estimate if stage_since_is_seen is false; null while it is
--     open.
--   monthly_spend: Expected spend a month in every currency, as text, for example EUR 500.00, USD 1200.00; null without
--     an amount.
--   monthly_amount: Expected spend a month, if there is exactly one currency; otherwise null.
--   currency_code: Currency of monthly_amount, if there is exactly one; otherwise null.
--   reporting_amount: Expected spend a month in all currencies, in the reporting currency; null if one has no rate.
--   reporting_currency: Reporting currency; null if a currency has no rate.
--   rate_date: Oldest first day of the rates that were used; null where none was needed.
--   contract_months: Length of the expected contract in months; null if it has none, or its unit is not known here.
--   delivery_models: Delivery models of the project, sorted.
--   origin: Who brought the opportunity, in AWS's words: AWS Referral or Partner Referral. Without the search, only
--     accepted referrals are known.
--   cosell_motion: Way in which AWS works on the opportunity; null before AWS has scored it.
--   engagement_score: AWS's engagement score: High, Medium or Low.
--   quality_score: AWS's score of the opportunity's quality, from 0 to 100.
--   project_title: Title of the project.
--   owner: Names of the owners in the partner's team, sorted. It is null with pii = mask or drop, since these conceal
--     who the owner is.
--   solutions: Names of the solutions, sorted; the identifier where the name is not known.
--   private_offers: ARNs of the AWS Marketplace offers, sorted.
--   customer_aws_account_id: The customer's AWS account.
--   aws_stage: Stage that AWS has for the opportunity; null unless aws_opportunity_summaries are loaded.
--   involvement_type: What the partner asks of AWS: Co-Sell or For Visibility Only; null unless
--     aws_opportunity_summaries are loaded.
--   arn: AWS's ARN of the opportunity.
WITH stays AS (
    SELECT
        id,
        MAX(entered_at) AS since,
        MAX(period_number) > 1 OR MAX(CASE WHEN entered_is_seen THEN 1 ELSE 0 END) = 1 AS since_is_seen,
        MAX(period_number) = 1 AND MAX(CASE WHEN entered_is_inferred THEN 1 ELSE 0 END) = 1 AS since_is_inferred
    FROM stage_periods
    GROUP BY id
), reviews AS (
    SELECT
        id,
        MAX(entered_at) AS since,
        MAX(period_number) > 1 OR MAX(CASE WHEN entered_is_seen THEN 1 ELSE 0 END) = 1 AS since_is_seen,
        MAX(period_number) = 1 AND MAX(CASE WHEN entered_is_inferred THEN 1 ELSE 0 END) = 1 AS since_is_inferred
    FROM review_periods
    GROUP BY id
), spend AS (
    SELECT
        id,
        STRING_AGG(
            COALESCE(currency_code || ' ', '') || CAST(monthly_amount AS TEXT),
            ', ' ORDER BY COALESCE(currency_code, '')
        ) AS monthly_spend,
        CASE WHEN COUNT(*) = 1 THEN MAX(monthly_amount) END AS monthly_amount,
        CASE WHEN COUNT(*) = 1 THEN MAX(currency_code) END AS currency_code,
        CASE WHEN COUNT(*) = COUNT(reporting_amount) THEN SUM(reporting_amount) END AS reporting_amount,
        CASE WHEN COUNT(*) = COUNT(reporting_amount) THEN MAX(reporting_currency) END AS reporting_currency,
        CASE WHEN COUNT(*) = COUNT(reporting_amount) THEN MIN(rate_date) END AS rate_date
    FROM opportunity_spend
    GROUP BY id
), dated AS (
    SELECT
        opportunities.id,
        COALESCE(stays.since, opportunities.last_modified_date) AS stage_since,
        COALESCE(stays.since_is_seen, FALSE) AS stage_since_is_seen,
        COALESCE(stays.since_is_inferred, FALSE) AS stage_since_is_inferred,
        CAST(COALESCE(stays.since, opportunities.last_modified_date) AT TIME ZONE 'UTC' AS DATE) AS stage_since_date,
        CASE WHEN opportunities.life_cycle_review_status IS NOT NULL THEN reviews.since END AS review_since,
        CASE WHEN opportunities.life_cycle_review_status IS NOT NULL THEN reviews.since_is_seen END
            AS review_since_is_seen,
        CASE WHEN opportunities.life_cycle_review_status IS NOT NULL THEN reviews.since_is_inferred END
            AS review_since_is_inferred,
        opportunity_standing.stage_order,
        opportunity_standing.is_open,
        opportunity_standing.is_gone,
        opportunity_standing.gone_since,
        opportunity_standing.rejected_since,
        opportunity_standing.review_standing,
        opportunity_standing.is_pipeline,
        opportunity_standing.is_validated
    FROM opportunities
    LEFT JOIN stays ON stays.id = opportunities.id
    LEFT JOIN reviews ON reviews.id = opportunities.id
    JOIN opportunity_standing ON opportunity_standing.id = opportunities.id
), owners AS (
    SELECT
        opportunity_id,
        STRING_AGG(
            TRIM(COALESCE(first_name, '') || ' ' || COALESCE(last_name, '')),
            '; ' ORDER BY COALESCE(first_name, ''), COALESCE(last_name, '')
        ) AS owner
    FROM opportunity_search_summaries__opportunity_team
    WHERE business_title = 'OpportunityOwner' AND COALESCE(first_name, last_name) IS NOT NULL
    GROUP BY opportunity_id
), named_solutions AS (
    SELECT
        related.opportunity_id,
        COALESCE(solutions.name, related.value) AS name
    FROM opportunity_search_summaries__related_solutions AS related
    LEFT JOIN solutions ON solutions.id = related.value
), solution_names AS (
    SELECT opportunity_id, STRING_AGG(name, '; ' ORDER BY name) AS solutions
    FROM named_solutions
    GROUP BY opportunity_id
), offers AS (
    SELECT opportunity_id, STRING_AGG(value, '; ' ORDER BY value) AS private_offers
    FROM opportunity_search_summaries__related_marketplace_offers
    GROUP BY opportunity_id
), models AS (
    SELECT opportunity_id, STRING_AGG(value, '; ' ORDER BY value) AS delivery_models
    FROM opportunities__project_delivery_models
    GROUP BY opportunity_id
), referrals AS (
    SELECT DISTINCT opportunity_id
    FROM engagement_by_accepting_invitation_tasks
    WHERE opportunity_id IS NOT NULL
)
SELECT
    opportunities.id,
    opportunities.partner_opportunity_identifier,
    opportunities.opportunity_type,
    opportunities.customer_company_name,
    opportunities.customer_industry,
    opportunities.customer_country_code,
    opportunities.customer_state_or_region,
    opportunities.customer_city,
    opportunities.customer_website_url,
    opportunities.created_date,
    opportunities.last_modified_date,
    opportunities.life_cycle_stage,
    dated.stage_order,
    opportunities.life_cycle_review_status,
    opportunities.life_cycle_review_status_reason,
    opportunities.life_cycle_review_comments,
    opportunities.life_cycle_closed_lost_reason,
    opportunities.life_cycle_next_steps,
    opportunities.life_cycle_target_close_date,
    dated.is_open,
    dated.is_gone,
    dated.gone_since,
    dated.rejected_since,
    dated.review_standing,
    dated.is_pipeline,
    dated.is_validated,
    DATE_DIFF('day', CAST(opportunities.created_date AT TIME ZONE 'UTC' AS DATE), freshness.as_of_date) AS age_days,
    DATE_DIFF('day', CAST(opportunities.last_modified_date AT TIME ZONE 'UTC' AS DATE), freshness.as_of_date)
        AS days_unchanged,
    dated.stage_since,
    dated.stage_since_is_seen,
    dated.stage_since_is_inferred,
    DATE_DIFF('day', dated.stage_since_date, freshness.as_of_date) AS days_in_stage,
    dated.review_since,
    dated.review_since_is_seen,
    dated.review_since_is_inferred,
    DATE_DIFF('day', CAST(dated.review_since AT TIME ZONE 'UTC' AS DATE), freshness.as_of_date)
        AS days_in_review_status,
    DATE_DIFF('day', freshness.as_of_date, opportunities.life_cycle_target_close_date) AS days_to_target_close,
    CASE
        WHEN dated.is_open THEN NULL
        WHEN NOT dated.stage_since_is_seen AND opportunities.life_cycle_target_close_date < dated.stage_since_date
            THEN opportunities.life_cycle_target_close_date
        ELSE dated.stage_since_date
    END AS closed_on,
    spend.monthly_spend,
    spend.monthly_amount,
    spend.currency_code,
    spend.reporting_amount,
    spend.reporting_currency,
    spend.rate_date,
    CASE opportunities.project_expected_contract_duration_term
        WHEN 'Months' THEN opportunities.project_expected_contract_duration_value
    END AS contract_months,
    models.delivery_models,
    COALESCE(
        found.aws_opportunity_summary_origin,
        summaries.origin,
        CASE WHEN referrals.opportunity_id IS NOT NULL THEN 'AWS Referral' END
    ) AS origin,
    COALESCE(found.aws_opportunity_summary_cosell_motion, summaries.cosell_motion) AS cosell_motion,
    COALESCE(found.aws_opportunity_summary_insights_engagement_score, summaries.insights_engagement_score)
        AS engagement_score,
    COALESCE(
        found.aws_opportunity_summary_insights_opportunity_quality_score,
        summaries.insights_opportunity_quality_score
    ) AS quality_score,
    found.project_title,
    owners.owner,
    solution_names.solutions,
    offers.private_offers,
    found.customer_aws_account_id,
    summaries.life_cycle_stage AS aws_stage,
    summaries.involvement_type,
    opportunities.arn
FROM opportunities
JOIN dated ON dated.id = opportunities.id
LEFT JOIN spend ON spend.id = opportunities.id
LEFT JOIN opportunity_search_summaries AS found ON found.id = opportunities.id
LEFT JOIN aws_opportunity_summaries AS summaries ON summaries.id = opportunities.id
LEFT JOIN models ON models.opportunity_id = opportunities.id
LEFT JOIN owners ON owners.opportunity_id = opportunities.id
LEFT JOIN solution_names ON solution_names.opportunity_id = opportunities.id
LEFT JOIN offers ON offers.opportunity_id = opportunities.id
LEFT JOIN referrals ON referrals.opportunity_id = opportunities.id
JOIN data_freshness AS freshness ON freshness.stream = 'opportunities'
ORDER BY opportunities.last_modified_date DESC, opportunities.id
