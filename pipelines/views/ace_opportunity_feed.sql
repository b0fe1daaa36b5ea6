-- What would the S3 feed of AWS's older CRM integration say, under its own field names?
--
-- Definition: one row per opportunity that is not gone, for programs that read the opportunity-outbound files of the
-- CRM integration with Amazon S3. Each column has the name of a field of that feed. AWS publishes which member of the
-- API it became, in
-- https://github.com/aws-samples/partner-crm-integration-samples/blob/main/opportunity-samples/Opportunity-Fields.csv
-- and the description of a column names the member. Where the API has renamed it since, the description has the present
-- name.
-- Pitfalls: values are the API's, which differ in places from the feed's. So country is a code, and
-- expectedMonthlyAwsRevenue is null for amounts that are not in USD. A column is null where its stream is off. Many
-- come from opportunity_details or aws_opportunity_summaries only. With several people of one title, their names and
-- addresses have semicolons between them. These fields of the feed are missing: contacts, lists of the details,
-- marketing answers, referral acceptance, and who created or changed it. So are contractStartDate and contractEndDate,
-- since AWS's table contradicts itself there. A destination that knows no capitals has the names in lower or upper
-- case.
--
-- Columns:
--   apnCrmUniqueIdentifier: AWS's identifier of the opportunity (Id).
--   partnerCrmUniqueIdentifier: Identifier in the partner's own CRM (PartnerOpportunityIdentifier).
--   opportunityOwnership: AWS Referral or Partner Referral (Origin).
--   status: Review status (LifeCycle.ReviewStatus).
--   stage: Stage (LifeCycle.Stage).
--   closedLostReason: Reason for Closed Lost (LifeCycle.ClosedLostReason).
--   nextStep: Next steps (LifeCycle.NextSteps).
--   targetCloseDate: Target close date (LifeCycle.TargetCloseDate).
--   apnReviewerComments: What AWS's reviewer wants changed (LifeCycle.ReviewComments).
--   opportunityType: Type of the opportunity (OpportunityType).
--   customerCompanyName: Company name of the customer (Customer.Account.CompanyName).
--   customerWebsite: Website of the customer (Customer.Account.WebsiteUrl).
--   industry: Industry of the customer (Customer.Account.Industry).
--   industryOther: Industry that is not in AWS's list (Customer.Account.OtherIndustry).
--   country: Country as a code of two letters; the feed had its name (Customer.Account.Address).
--   state: State or region (Customer.Account.Address.StateOrRegion).
--   city: City (Customer.Account.Address.City).
--   postalCode: Postal code (Customer.Account.Address.PostalCode).
--   streetAddress: Street address (Customer.Account.Address.StreetAddress).
--   customerDuns: DUNS number of the customer (Customer.Account.Duns).
--   awsAccountId: The customer's AWS account (Customer.Account.AwsAccountId).
--   doesOppBelongToNatSec: Yes for national security (NationalSecurity).
--   partnerProjectTitle: Title of the project (Project.Title).
--   projectDescription: The customer's problem (Project.CustomerBusinessProblem).
--   useCase: The customer's use case (Project.CustomerUseCase).
--   additionalComments: Comments (Project.AdditionalComments).
--   competitiveTracking: Competitor (Project.CompetitorName).
--   competitiveTrackingOther: Competitors that are not in AWS's list (Project.OtherCompetitorNames).
--   otherSolutionOffered: Solution that is not in the list (Project.OtherSolutionDescription).
--   parentOppId: Parent opportunity (Project.RelatedOpportunityIdentifier).
--   deliveryModel: Delivery models, with semicolons between them (Project.DeliveryModels).
--   campaignName: APN programs, with semicolons between them (Project.ApnPrograms).
--   expectedMonthlyAwsRevenue: Expected spend a month in USD (Project.ExpectedCustomerSpend); null for other
--     currencies.
--   awsSFCampaignName: Marketing campaign (Marketing.CampaignName).
--   isMarketingDevelopmentFunded: Yes if AWS funded the marketing (Marketing.AwsFundingUsed).
--   procurementType: How the customer pays (SoftwareRevenue.DeliveryModel).
--   customerSoftwareValue: Value of the contract (SoftwareRevenue.Value.Amount).
--   customerSoftwareValueCurrency: Its currency (SoftwareRevenue.Value.CurrencyCode).
--   solutionOffered: Identifiers of the solutions, with semicolons between them (RelatedEntityIdentifiers.Solutions).
--   offers: Private offers, with semicolons between them (RelatedEntityIdentifiers.AwsMarketplaceOffers).
--   opportunityOwnerName: Name of the owner in the partner's team (OpportunityTeam).
--   engagementScore: AWS's engagement score (Insights.EngagementScore).
--   recommendedNextBestActions: What AWS recommends next (Insights.NextBestActions).
--   aWSStage: Stage that AWS has (LifeCycle.Stage of the AWS opportunity summary).
--   aWSCloseDate: Target close date that AWS has (LifeCycle.TargetCloseDate of the same).
--   aWSClosedLostReason: Reason for Closed Lost that AWS has (LifeCycle.ClosedLostReason of the same).
--   aWSSalesRepName: Name of AWS's sales representative (AWSSalesRep in OpportunityTeam).
--   aWSSalesRepEmail: E-mail address of the same.
--   aWSAccountOwnerName: Name of AWS's account owner (AWSAccountOwner in OpportunityTeam).
--   aWSAccountOwnerEmail: E-mail address of the same.
--   partnerDeveloperManager: Name of AWS's partner development manager (PDM in OpportunityTeam).
--   partnerDeveloperManagerEmail: E-mail address of the same.
--   aWSPartnerSuccessManagerName: Name of AWS's partner success manager (PSM in OpportunityTeam).
--   aWSPartnerSuccessManagerEmail: E-mail address of the same.
--   aWSISVSuccessManagerName: Name of AWS's ISV success manager (ISVSM in OpportunityTeam).
--   aWSISVSuccessManagerEmail: E-mail address of the same.
--   wWPSPDM: Name of AWS's partner development manager for the public sector (WWPSPDM in OpportunityTeam).
--   wWPSPDMEmail: E-mail address of the same.
--   createdDate: When the opportunity was created in AWS (CreatedDate).
--   lastModifiedDate: When the opportunity was last changed in AWS (LastModifiedDate).
WITH models AS (
    SELECT opportunity_id, STRING_AGG(value, ';' ORDER BY value) AS joined
    FROM opportunities__project_delivery_models
    GROUP BY opportunity_id
), programs AS (
    SELECT opportunity_id, STRING_AGG(value, ';' ORDER BY value) AS joined
    FROM opportunity_search_summaries__project_apn_programs
    GROUP BY opportunity_id
), offered AS (
    SELECT opportunity_id, STRING_AGG(value, ';' ORDER BY value) AS joined
    FROM opportunity_search_summaries__related_solutions
    GROUP BY opportunity_id
), offers AS (
    SELECT opportunity_id, STRING_AGG(value, ';' ORDER BY value) AS joined
    FROM opportunity_search_summaries__related_marketplace_offers
    GROUP BY opportunity_id
), revenue AS (
    SELECT id, monthly_amount
    FROM opportunity_spend
    WHERE currency_code = 'USD'
), people AS (
    SELECT DISTINCT
        opportunity_id,
        business_title,
        NULLIF(TRIM(COALESCE(first_name, '') || ' ' || COALESCE(last_name, '')), '') AS name,
        email
    FROM aws_opportunity_summaries__opportunity_team
), team AS (
    SELECT
        people.opportunity_id,
        STRING_AGG(CASE WHEN people.business_title = 'AWSSalesRep' THEN people.name END, ';' ORDER BY people.name)
            AS awssalesrep_name,
        STRING_AGG(CASE WHEN people.business_title = 'AWSSalesRep' THEN people.email END, ';' ORDER BY people.email)
            AS awssalesrep_email,
        STRING_AGG(CASE WHEN people.business_title = 'AWSAccountOwner' THEN people.name END, ';' ORDER BY people.name)
            AS awsaccountowner_name,
        STRING_AGG(CASE WHEN people.business_title = 'AWSAccountOwner' THEN people.email END, ';' ORDER BY people.email)
            AS awsaccountowner_email,
        STRING_AGG(CASE WHEN people.business_title = 'PDM' THEN people.name END, ';' ORDER BY people.name)
            AS pdm_name,
        STRING_AGG(CASE WHEN people.business_title = 'PDM' THEN people.email END, ';' ORDER BY people.email)
            AS pdm_email,
        STRING_AGG(CASE WHEN people.business_title = 'PSM' THEN people.name END, ';' ORDER BY people.name)
            AS psm_name,
        STRING_AGG(CASE WHEN people.business_title = 'PSM' THEN people.email END, ';' ORDER BY people.email)
            AS psm_email,
        STRING_AGG(CASE WHEN people.business_title = 'ISVSM' THEN people.name END, ';' ORDER BY people.name)
            AS isvsm_name,
        STRING_AGG(CASE WHEN people.business_title = 'ISVSM' THEN people.email END, ';' ORDER BY people.email)
            AS isvsm_email,
        STRING_AGG(CASE WHEN people.business_title = 'WWPSPDM' THEN people.name END, ';' ORDER BY people.name)
            AS wwpspdm_name,
        STRING_AGG(CASE WHEN people.business_title = 'WWPSPDM' THEN people.email END, ';' ORDER BY people.email)
            AS wwpspdm_email
    FROM people
    GROUP BY people.opportunity_id
)
SELECT
    opportunity_current.id AS apnCrmUniqueIdentifier,
    opportunity_current.partner_opportunity_identifier AS partnerCrmUniqueIdentifier,
    opportunity_current.origin AS opportunityOwnership,
    opportunity_current.life_cycle_review_status AS status,
    opportunity_current.life_cycle_stage AS stage,
    opportunity_current.life_cycle_closed_lost_reason AS closedLostReason,
    opportunity_current.life_cycle_next_steps AS nextStep,
    opportunity_current.life_cycle_target_close_date AS targetCloseDate,
    opportunity_current.life_cycle_review_comments AS apnReviewerComments,
    opportunity_current.opportunity_type AS opportunityType,
    opportunity_current.customer_company_name AS customerCompanyName,
    opportunity_current.customer_website_url AS customerWebsite,
    opportunity_current.customer_industry AS industry,
    opportunities.customer_other_industry AS industryOther,
    opportunity_current.customer_country_code AS country,
    opportunity_current.customer_state_or_region AS state,
    opportunity_current.customer_city AS city,
    opportunities.customer_postal_code AS postalCode,
    details.customer_street_address AS streetAddress,
    details.customer_duns AS customerDuns,
    opportunity_current.customer_aws_account_id AS awsAccountId,
    details.national_security AS doesOppBelongToNatSec,
    COALESCE(opportunity_current.project_title, details.project_title) AS partnerProjectTitle,
    details.project_customer_business_problem AS projectDescription,
    details.project_customer_use_case AS useCase,
    details.project_additional_comments AS additionalComments,
    details.project_competitor_name AS competitiveTracking,
    details.project_other_competitor_names AS competitiveTrackingOther,
    details.project_other_solution_description AS otherSolutionOffered,
    details.project_related_opportunity_identifier AS parentOppId,
    models.joined AS deliveryModel,
    programs.joined AS campaignName,
    revenue.monthly_amount AS expectedMonthlyAwsRevenue,
    details.marketing_campaign_name AS awsSFCampaignName,
    details.marketing_aws_funding_used AS isMarketingDevelopmentFunded,
    details.software_revenue_delivery_model AS procurementType,
    details.software_revenue_value_amount AS customerSoftwareValue,
    details.software_revenue_value_currency_code AS customerSoftwareValueCurrency,
    offered.joined AS solutionOffered,
    offers.joined AS offers,
    opportunity_current.owner AS opportunityOwnerName,
    opportunity_current.engagement_score AS engagementScore,
    summaries.insights_next_best_actions AS recommendedNextBestActions,
    opportunity_current.aws_stage AS aWSStage,
    summaries.life_cycle_target_close_date AS aWSCloseDate,
    summaries.life_cycle_closed_lost_reason AS aWSClosedLostReason,
    team.awssalesrep_name AS aWSSalesRepName,
    team.awssalesrep_email AS aWSSalesRepEmail,
    team.awsaccountowner_name AS aWSAccountOwnerName,
    team.awsaccountowner_email AS aWSAccountOwnerEmail,
    team.pdm_name AS partnerDeveloperManager,
    team.pdm_email AS partnerDeveloperManagerEmail,
    team.psm_name AS aWSPartnerSuccessManagerName,
    team.psm_email AS aWSPartnerSuccessManagerEmail,
    team.isvsm_name AS aWSISVSuccessManagerName,
    team.isvsm_email AS aWSISVSuccessManagerEmail,
    team.wwpspdm_name AS wWPSPDM,
    team.wwpspdm_email AS wWPSPDMEmail,
    opportunity_current.created_date AS createdDate,
    opportunity_current.last_modified_date AS lastModifiedDate
FROM opportunity_current
JOIN opportunities ON opportunities.id = opportunity_current.id
LEFT JOIN opportunity_details AS details ON details.id = opportunity_current.id
LEFT JOIN aws_opportunity_summaries AS summaries ON summaries.id = opportunity_current.id
LEFT JOIN models ON models.opportunity_id = opportunity_current.id
LEFT JOIN programs ON programs.opportunity_id = opportunity_current.id
LEFT JOIN offered ON offered.opportunity_id = opportunity_current.id
LEFT JOIN offers ON offers.opportunity_id = opportunity_current.id
LEFT JOIN revenue ON revenue.id = opportunity_current.id
LEFT JOIN team ON team.opportunity_id = opportunity_current.id
WHERE NOT opportunity_current.is_gone
ORDER BY opportunity_current.last_modified_date DESC, opportunity_current.id
