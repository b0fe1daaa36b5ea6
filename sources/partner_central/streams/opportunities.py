"""Opportunities as `ListOpportunities` summarizes them: what was modified since the last run.

A first load is split by CreatedDate, which never changes.
https://docs.aws.amazon.com/partner-central/latest/APIReference/API_ListOpportunities.html
"""

from __future__ import annotations

from collections.abc import Sequence

from ..operation import Filter, List
from ..stream import Incremental, IncrementalStream
from ..tables.history import HistoryRules, ListAsText, join_values
from ..tables.rows import Row


def format_spend(entries: Sequence[Row]) -> list[str]:
    """Returns each entry of the expected spend as a line of text."""
    return list(filter(None, map(_line_of_spend, entries)))


def _line_of_spend(entry: Row) -> str:
    """`1,250.00 USD Monthly (AWS)`; what is null is left out."""
    amount, company = entry.get("amount"), entry.get("target_company")
    parts = (
        None if amount is None else f"{amount:,}",
        entry.get("currency_code"),
        entry.get("frequency"),
        f"({company})" if company else None,
    )
    return " ".join(filter(None, parts))


PERSONAL_AT_FIRST = (
    "Customer.Account.CompanyName",
    "Customer.Account.WebsiteUrl",
    "Customer.Account.Address.City",
    "Customer.Account.Address.PostalCode",
    "LifeCycle.NextSteps",
    "LifeCycle.ReviewComments",
)

VERSIONS = HistoryRules(
    content=(
        "arn",
        "catalog",
        "created_date",
        "customer_city",
        "customer_company_name",
        "customer_country_code",
        "customer_industry",
        "customer_other_industry",
        "customer_postal_code",
        "customer_state_or_region",
        "customer_website_url",
        "life_cycle_closed_lost_reason",
        "life_cycle_next_steps",
        "life_cycle_review_comments",
        "life_cycle_review_status",
        "life_cycle_review_status_reason",
        "life_cycle_stage",
        "life_cycle_target_close_date",
        "opportunity_type",
        "partner_opportunity_identifier",
        "project_delivery_models",
        "project_expected_contract_duration_term",
        "project_expected_contract_duration_value",
        "project_expected_customer_spend",
    ),
    lists={
        "project_delivery_models": ListAsText(join_values, "The delivery models, sorted and joined with '; '."),
        "project_expected_customer_spend": ListAsText(
            format_spend,
            "The expected spend, sorted and joined with '; ', each as: amount, currency, frequency, target "
            "company in brackets.",
        ),
    },
)

OPPORTUNITIES = IncrementalStream(
    table="opportunities",
    singular="opportunity",
    operation=List("ListOpportunities", records="OpportunitySummaries"),
    read=Incremental(),
    required=True,
    filters=(
        Filter("LifeCycleStage", 10),
        Filter("LifeCycleReviewStatus", 10),
        Filter("CustomerCompanyName", 10, personal=True),
        Filter("Identifier", 20, can_change=False),
    ),
    types={("Project", "ExpectedContractDuration", "Value"): "bigint"},
    personal=(
        *PERSONAL_AT_FIRST,
        "Customer.Account.Address.StateOrRegion",
        "Customer.Account.OtherIndustry",
        "LifeCycle.ReviewStatusReason",
        "Project.ExpectedCustomerSpend[].EstimationUrl",
    ),
    personal_at_first=PERSONAL_AT_FIRST,
    not_personal={
        "Customer.Account.Address.CountryCode": "one of a list of countries",
        "PartnerOpportunityIdentifier": "the id by which rows are joined with the partner's CRM",
        "Project.ExpectedCustomerSpend[].Amount": "the figure that the pipeline is about; it names nobody",
        "Project.ExpectedCustomerSpend[].CurrencyCode": "one of a list of currencies",
        "Project.ExpectedCustomerSpend[].TargetCompany": "AWS or Self, never the customer",
    },
    plain=(
        "Arn",
        "Catalog",
        "CreatedDate",
        "Customer.Account.Industry",
        "Id",
        "LastModifiedDate",
        "LifeCycle.ClosedLostReason",
        "LifeCycle.ReviewStatus",
        "LifeCycle.Stage",
        "LifeCycle.TargetCloseDate",
        "OpportunityType",
        "Project.DeliveryModels",
        "Project.ExpectedContractDuration.Term",
        "Project.ExpectedContractDuration.Value",
        "Project.ExpectedCustomerSpend[].Frequency",
    ),
    history=VERSIONS,
)
