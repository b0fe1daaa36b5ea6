"""Opportunities one at a time: contacts, use case, competitors, products, marketing, revenue, past next steps.

A call for each opportunity. A change of any of this moves LastModifiedDate, as far as is known.
https://docs.aws.amazon.com/partner-central/latest/APIReference/API_GetOpportunity.html
"""

from __future__ import annotations

from datetime import timedelta

from ..operation import Get
from ..per_id_stream import Parent, PerIdStream
from .opportunities import OPPORTUNITIES

CLOSED = ("life_cycle_stage", ("Launched", "Closed Lost"))
PERSON = ("Email", "FirstName", "LastName", "BusinessTitle", "Phone")

OPPORTUNITY_DETAILS = PerIdStream(
    table="opportunity_details",
    singular="opportunity_detail",
    child_key="opportunity_id",
    operation=Get("GetOpportunity"),
    parent=Parent(OPPORTUNITIES, closed=CLOSED),
    id_member="Id",
    refresh=timedelta(days=7),
    types={
        ("Project", "ExpectedContractDuration", "Value"): "bigint",
        ("SoftwareRevenue", "Value", "Amount"): "decimal",
    },
    names={
        ("RelatedEntityIdentifiers", "AwsMarketplaceOffers"): "related_marketplace_offers",
        ("RelatedEntityIdentifiers", "AwsMarketplaceOfferSets"): "related_marketplace_offer_sets",
        ("RelatedEntityIdentifiers", "AwsMarketplaceProducts"): "related_marketplace_products",
        ("RelatedEntityIdentifiers", "AwsMarketplaceSolutions"): "related_marketplace_solutions",
        ("RelatedEntityIdentifiers", "AwsProducts"): "related_aws_products",
        ("RelatedEntityIdentifiers", "Solutions"): "related_solutions",
    },
    personal=(
        "Customer.Account.AwsAccountId",
        "Customer.Account.CompanyName",
        "Customer.Account.Duns",
        "Customer.Account.OtherIndustry",
        "Customer.Account.WebsiteUrl",
        "Customer.Account.Address.City",
        "Customer.Account.Address.PostalCode",
        "Customer.Account.Address.StateOrRegion",
        "Customer.Account.Address.StreetAddress",
        *(f"Customer.Contacts[].{member}" for member in PERSON),
        "LifeCycle.NextSteps",
        "LifeCycle.NextStepsHistory[].Value",
        "LifeCycle.ReviewComments",
        "LifeCycle.ReviewStatusReason",
        "Marketing.CampaignName",
        *(f"OpportunityTeam[].{member}" for member in PERSON),
        "Project.AdditionalComments",
        "Project.CustomerBusinessProblem",
        "Project.CustomerUseCase",
        "Project.ExpectedCustomerSpend[].EstimationUrl",
        "Project.OtherCompetitorNames",
        "Project.OtherSolutionDescription",
        "Project.Title",
    ),
    not_personal={
        **OPPORTUNITIES.not_personal,
        "SoftwareRevenue.Value.CurrencyCode": "one of a list of currencies",
    },
    plain=(
        "Arn",
        "Catalog",
        "CreatedDate",
        "Customer.Account.Industry",
        "Id",
        "LastModifiedDate",
        "LifeCycle.ClosedLostReason",
        "LifeCycle.NextStepsHistory[].Time",
        "LifeCycle.ReviewStatus",
        "LifeCycle.Stage",
        "LifeCycle.TargetCloseDate",
        "Marketing.AwsFundingUsed",
        "Marketing.Channels",
        "Marketing.Source",
        "Marketing.UseCases",
        "NationalSecurity",
        "OpportunityType",
        "PrimaryNeedsFromAws",
        "Project.ApnPrograms",
        "Project.AwsPartition",
        "Project.CompetitorName",
        "Project.DeliveryModels",
        "Project.ExpectedContractDuration.Term",
        "Project.ExpectedContractDuration.Value",
        "Project.ExpectedCustomerSpend[].Frequency",
        "Project.RelatedOpportunityIdentifier",
        "Project.SalesActivities",
        "RelatedEntityIdentifiers.AwsMarketplaceOfferSets",
        "RelatedEntityIdentifiers.AwsMarketplaceOffers",
        "RelatedEntityIdentifiers.AwsMarketplaceProducts",
        "RelatedEntityIdentifiers.AwsMarketplaceSolutions",
        "RelatedEntityIdentifiers.AwsProducts",
        "RelatedEntityIdentifiers.Solutions",
        "SoftwareRevenue.DeliveryModel",
        "SoftwareRevenue.EffectiveDate",
        "SoftwareRevenue.ExpirationDate",
        "SoftwareRevenue.Value.Amount",
    ),
)
