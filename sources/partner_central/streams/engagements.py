"""Engagements with their contexts: shared deals, leads, prospecting results, and plans for customers.

`SearchEngagements` gives the contexts in its list. Where AWS refuses it, `ListEngagements` shows what has changed, and
`GetEngagement` gives that. Everything in a lead is personal.
https://docs.aws.amazon.com/partner-central/latest/APIReference/API_GetEngagement.html
"""

from __future__ import annotations

from ..list_stream import Fallback, WholeListStream
from ..operation import List
from ..tables.record import UndatedMembers

LEAD = "Contexts[].Payload.Lead"
OF_A_LEAD = (
    "Customer.Address.City",
    "Customer.Address.CountryCode",
    "Customer.Address.PostalCode",
    "Customer.Address.StateOrRegion",
    "Customer.AwsMaturity",
    "Customer.CompanyName",
    "Customer.Industry",
    "Customer.MarketSegment",
    "Customer.WebsiteUrl",
    "Insights.ChannelRecommendation.BestOutreachWindows[].Day",
    "Insights.ChannelRecommendation.BestOutreachWindows[].EndTimeUtc",
    "Insights.ChannelRecommendation.BestOutreachWindows[].StartTimeUtc",
    "Insights.ChannelRecommendation.RecommendedChannel",
    "Insights.LeadReadinessScore",
    "Interactions[].BusinessProblem",
    "Interactions[].Contact.BusinessTitle",
    "Interactions[].Contact.Email",
    "Interactions[].Contact.FirstName",
    "Interactions[].Contact.LastName",
    "Interactions[].Contact.Phone",
    "Interactions[].CustomerAction",
    "Interactions[].InteractionDate",
    "Interactions[].SourceId",
    "Interactions[].SourceName",
    "Interactions[].SourceType",
    "Interactions[].Usecase",
    "QualificationStatus",
)
PAYLOAD = ("Contexts", "Payload")
OF_A_CHANNEL = (*PAYLOAD, "Lead", "Insights", "ChannelRecommendation")
PROSPECTING = (*PAYLOAD, "ProspectingResult", "Aws")
COUNTRY = "a country, which names nobody"
ACCOUNT = "the account of a partner or of AWS, by which engagements are told apart"

ENGAGEMENTS = WholeListStream(
    table="engagements",
    singular="engagement",
    operation=List("SearchEngagements", records="EngagementSearchSummaries", may_be_absent=True),
    sort_by="CreatedAt",
    fallback=Fallback(
        List("ListEngagements", records="EngagementSummaryList"),
        detail="GetEngagement",
        sort_by="CreatedDate",
        modified="ModifiedAt",
    ),
    members=UndatedMembers(),
    modified_column="modified_at",
    names={
        (*OF_A_CHANNEL, "BestOutreachWindows"): "payload_lead_best_outreach_windows",
        (*OF_A_CHANNEL, "RecommendedChannel"): "payload_lead_recommended_channel",
        (*PROSPECTING, "Customer", "EligiblePrograms"): "payload_prospecting_eligible_programs",
        (*PROSPECTING, "Insights", "MarketplaceEngagementScore"): (
            "payload_prospecting_result_aws_marketplace_engagement_score"
        ),
    },
    personal=(
        "Title",
        "Description",
        *(f"{LEAD}.{path}" for path in OF_A_LEAD),
        "Contexts[].Payload.CustomerAccount.Customer.CompanyName",
        "Contexts[].Payload.CustomerAccount.Customer.WebsiteUrl",
        "Contexts[].Payload.CustomerProject.Customer.CompanyName",
        "Contexts[].Payload.CustomerProject.Customer.WebsiteUrl",
        "Contexts[].Payload.CustomerProject.Project.BusinessProblem",
        "Contexts[].Payload.CustomerProject.Project.Title",
        "Contexts[].Payload.ProspectingResult.Aws.Customer.AccountName",
        "Contexts[].Payload.ProspectingResult.Aws.Customer.PublicProfileSummary",
        "Contexts[].Payload.ProspectingResult.Aws.TaskName",
    ),
    not_personal={
        "CreatedBy": ACCOUNT,
        "ModifiedBy": ACCOUNT,
        "Contexts[].Payload.CustomerAccount.Customer.CountryCode": COUNTRY,
        "Contexts[].Payload.CustomerProject.Customer.CountryCode": COUNTRY,
        "Contexts[].Payload.ProspectingResult.Aws.Customer.Country": COUNTRY,
    },
    plain=(
        "Arn",
        "Contexts[].Id",
        "Contexts[].Payload.CustomerAccount.AccountIdentifier",
        "Contexts[].Payload.CustomerAccount.Customer.Industry",
        "Contexts[].Payload.CustomerProject.Customer.Industry",
        "Contexts[].Payload.CustomerProject.Project.TargetCompletionDate",
        "Contexts[].Payload.ProspectingResult.Aws.Customer.CompanySize",
        "Contexts[].Payload.ProspectingResult.Aws.Customer.EligiblePrograms",
        "Contexts[].Payload.ProspectingResult.Aws.Customer.Geo",
        "Contexts[].Payload.ProspectingResult.Aws.Customer.Industry",
        "Contexts[].Payload.ProspectingResult.Aws.Customer.Region",
        "Contexts[].Payload.ProspectingResult.Aws.Customer.Segment",
        "Contexts[].Payload.ProspectingResult.Aws.Customer.SubIndustry",
        "Contexts[].Payload.ProspectingResult.Aws.Customer.SubRegion",
        "Contexts[].Payload.ProspectingResult.Aws.EndTime",
        "Contexts[].Payload.ProspectingResult.Aws.Insights.MarketplaceEngagementScore",
        "Contexts[].Payload.ProspectingResult.Aws.Insights.SolutionCategory",
        "Contexts[].Payload.ProspectingResult.Aws.Insights.SolutionScore",
        "Contexts[].Payload.ProspectingResult.Aws.Insights.SolutionSubCategory",
        "Contexts[].Payload.ProspectingResult.Aws.StartTime",
        "Contexts[].Payload.ProspectingResult.Aws.TaskArn",
        "Contexts[].Payload.ProspectingResult.Aws.TaskId",
        "Contexts[].Type",
        "CreatedAt",
        "Id",
        "MemberCount",
        "ModifiedAt",
    ),
)
