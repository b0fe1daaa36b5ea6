"""Opportunities as a search summarizes them: with origin, motion, scores, title, team, tags and offers.

The search may lag behind, may lack records, and may end a listing early. AWS rescores opportunities without moving a
date, so everything is read again every day.
https://docs.aws.amazon.com/partner-central/latest/APIReference/API_SearchOpportunities.html
"""

from __future__ import annotations

from datetime import timedelta

from ..operation import Filter, Search
from ..stream import HALF, HOUR, Backfill, Incremental, IncrementalStream

OPPORTUNITY_SEARCH_SUMMARIES = IncrementalStream(
    table="opportunity_search_summaries",
    singular="opportunity_search_summary",
    child_key="opportunity_id",
    operation=Search("SearchOpportunities", records="OpportunitySearchSummaries"),
    read=Incremental(
        since=("LastModifiedDate",),
        backfill=Backfill(since=("CreatedDate",), by_key=None),
        lookback=HOUR,
        whole_every=timedelta(days=1),
    ),
    refresh=HOUR,
    share_of_calls=HALF,
    names={
        ("RelatedEntityIdentifiers", "AwsMarketplaceOffers"): "related_marketplace_offers",
        ("RelatedEntityIdentifiers", "AwsMarketplaceOfferSets"): "related_marketplace_offer_sets",
        ("RelatedEntityIdentifiers", "AwsMarketplaceSolutions"): "related_marketplace_solutions",
        ("RelatedEntityIdentifiers", "Solutions"): "related_solutions",
    },
    filters=(
        Filter("Stage", 10, setting="life_cycle_stage"),
        Filter("ReviewStatus", 10, setting="life_cycle_review_status"),
        Filter("CustomerCompanyName", 10, personal=True),
        Filter("OpportunityId", 20, can_change=False, setting="identifier"),
    ),
    personal=(
        "Customer.Account.AwsAccountId",
        "Customer.Account.CompanyName",
        "LifeCycle.NextSteps",
        "OpportunityTeam[].BusinessTitle",
        "OpportunityTeam[].FirstName",
        "OpportunityTeam[].LastName",
        "Project.Title",
        "Tags[].Value",
    ),
    not_personal={
        "AwsOpportunitySummary.CosellMotion": "one of three ways in which AWS works on a deal",
        "AwsOpportunitySummary.Insights.EngagementScore": "High, Medium or Low; it names nobody",
        "Customer.Account.Address.CountryCode": "one of a list of countries",
        "PartnerOpportunityIdentifier": "the id by which rows are joined with the partner's CRM",
        "Project.ExpectedCustomerSpend[].Amount": "the figure that the pipeline is about; it names nobody",
        "Project.ExpectedCustomerSpend[].CurrencyCode": "one of a list of currencies",
    },
    plain=(
        "AwsOpportunitySummary.Insights.OpportunityQuality.Score",
        "AwsOpportunitySummary.Origin",
        "CreatedDate",
        "Customer.Account.Industry",
        "Id",
        "LastModifiedDate",
        "LifeCycle.ReviewStatus",
        "LifeCycle.Stage",
        "LifeCycle.TargetCloseDate",
        "OpportunityType",
        "Project.ApnPrograms",
        "RelatedEntityIdentifiers.AwsMarketplaceOfferSets",
        "RelatedEntityIdentifiers.AwsMarketplaceOffers",
        "RelatedEntityIdentifiers.AwsMarketplaceSolutions",
        "RelatedEntityIdentifiers.Solutions",
        "Tags[].Key",
    ),
)
