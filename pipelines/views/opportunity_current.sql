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
--   id [text]: AWS's identifier of the opportunity. Example: G7.
--   partner_opportunity_identifier [text]: Identifier of the opportunity in the partner's own CRM. Example: CRM-1042.
--   opportunity_type [text]: Whether it is a new opportunity, a renewal or an expansion, in AWS's words. Example: Net
--     New Business.
--   customer_company_name [text]: Company name of the customer. Example: Acme.
--   customer_industry [text]: Industry of the customer. Example: Retail.
--   customer_country_code [text]: Country of the customer, as a code of two letters. Example: DE.
--   customer_state_or_region [text]: State or region of the customer. Example: Bavaria.
--   customer_city [text]: City of the customer. Example: Munich.
--   customer_website_url [text]: Website of the customer. Example: example.com.
--   created_date [timestamp]: When the opportunity was created in AWS. Example: 2026-06-02 08:00 UTC.
--   last_modified_date [timestamp]: When the opportunity was last changed in AWS. Example: 2026-06-10 12:00 UTC.
--   life_cycle_stage [text]: Stage of the opportunity; null if AWS sent none. Example: Qualified.
--   stage_order [integer]: Place of the stage in the usual order, from 1; null for a stage that life_cycle_stages does
--     not list. Example: 2.
--   life_cycle_review_status [text]: AWS's review status of the opportunity. Example: In review.
--   life_cycle_review_status_reason [text]: Reason that AWS gave for the review status. Example: Incomplete
--     information.
--   life_cycle_review_comments [text]: What AWS's reviewer wants to be changed or added. Example: Which
--     <b>problem</b>?.
--   life_cycle_closed_lost_reason [text]: Reason for Closed Lost that the partner chose; null if none was given.
--     Example: Price.
--   life_cycle_next_steps [text]: Next steps, as the partner wrote them. Example: Meet.
--   life_cycle_target_close_date [date]: Day on which the deal is expected to close. Example: 2026-08-15.
--   is_open [boolean]: True if the stage is neither Launched nor Closed Lost. Example: true.
--   is_gone [boolean]: True if the newest full listing lacks the opportunity. Example: true.
--   gone_since [timestamp]: When the first full listing without the opportunity began; null while it is listed.
--     Example: 2026-06-07 12:00 UTC.
--   rejected_since [timestamp]: LastModifiedDate of AWS's version, if that could not become a row and this row is
--     older; otherwise null. Example: 2026-06-09 12:00 UTC.
--   review_standing [text]: Where it stands in AWS's review: approved, in review, action required, not submitted,
--     rejected, or unknown. Example: unknown.
--   is_pipeline [boolean]: True if it is open, not gone, and neither rejected nor still to be submitted. Example: true.
--   is_validated [boolean]: True for the part of the pipeline that AWS approved. Example: true.
--   age_days [integer]: Days from its creation in AWS to data_freshness.as_of. Example: 8.
--   days_unchanged [integer]: Days from the last change in AWS to data_freshness.as_of. Example: 1.
--   stage_since [timestamp]: When the present stage began: LastModifiedDate of the first version with it that was seen.
--     Example: 2026-06-10 12:00 UTC.
--   stage_since_is_seen [boolean]: True if syncs saw the stage begin; if false, it may have begun earlier. Example:
--     true.
--   stage_since_is_inferred [boolean]: True if stage_since is the creation date, since nothing had changed when it was
--     first seen. Example: true.
--   days_in_stage [integer]: Days from the change to the present stage to data_freshness.as_of; at least that many if a
--     sync did not see the change. Example: 4.
--   review_since [timestamp]: When the present review status began, as entered_at in review_periods; null without a
--     review status. Example: 2026-06-06 08:00 UTC.
--   review_since_is_seen [boolean]: True if syncs saw the review status begin; null without a review status. Example:
--     true.
--   review_since_is_inferred [boolean]: True if review_since is the creation date, since nothing had changed when it
--     was first seen; null without a review status. Example: true.
--   days_in_review_status [integer]: Days from review_since to data_freshness.as_of; null without a review status.
--     Example: 4.
--   days_to_target_close [integer]: Days from data_freshness.as_of to the target close date; negative if it has passed.
--     Example: 66.
--   closed_on [date]: Day when a closed opportunity closed, or an estimate if stage_since_is_seen is false; null while
--     it is open. Example: 2026-06-08.
--   monthly_spend [text]: Expected spend a month in every currency, as text, for example EUR 500.00, USD 1200.00; null
--     without an amount. Example: EUR 50.00, USD 1200.50.
--   monthly_amount [decimal]: Expected spend a month, if there is exactly one currency; otherwise null. Example: 10.00.
--   currency_code [text]: Currency of monthly_amount, if there is exactly one; otherwise null. Example: USD.
--   reporting_amount [decimal]: Expected spend a month in all currencies, in the reporting currency; null if one has no
--     rate. Example: 1260.50.
--   reporting_currency [text]: Reporting currency; null if a currency has no rate. Example: USD.
--   rate_date [date]: Oldest first day of the rates that were used; null where none was needed. Example: 2026-06-05.
--   contract_months [integer]: Length of the expected contract in months; null if it has none, or its unit is not known
--     here. Example: 12.
--   delivery_models [text]: Delivery models of the project, sorted. Example: Resell.
--   origin [text]: Who brought the opportunity, in AWS's words: AWS Referral or Partner Referral. Without the search,
--     only accepted referrals are known. Example: Partner Referral.
--   cosell_motion [text]: Way in which AWS works on the opportunity; null before AWS has scored it. Example:
--     Partner-led.
--   engagement_score [text]: AWS's engagement score: High, Medium or Low. Example: High.
--   quality_score [integer]: AWS's score of the opportunity's quality, from 0 to 100. Example: 70.
--   project_title [text]: Title of the project. Example: Archive.
--   owner [text]: Names of the owners in the partner's team, sorted. It is null with pii = mask or drop, since these
--     conceal who the owner is. Example: Ada; Zoe Zhu.
--   solutions [text]: Names of the solutions, sorted; the identifier where the name is not known. Example: Backups;
--     S-0000002.
--   private_offers [text]: ARNs of the AWS Marketplace offers, sorted. Example: offer-abc123.
--   customer_aws_account_id [text]: The customer's AWS account. Example: 111122223333.
--   aws_stage [text]: Stage that AWS has for the opportunity; null unless aws_opportunity_summaries are loaded.
--     Example: Prospect.
--   involvement_type [text]: What the partner asks of AWS: Co-Sell or For Visibility Only; null unless
--     aws_opportunity_summaries are loaded. Example: Co-Sell.
--   arn [text]: AWS's ARN of the opportunity. Example:
--     arn:aws:partnercentral:us-east-1:111122223333:catalog/AWS/opportunity/O1000001.
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
CROSS JOIN data_as_of AS freshness
ORDER BY opportunities.last_modified_date DESC, opportunities.id
