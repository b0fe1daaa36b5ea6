"""Opportunities as AWS sees them: its stage, close date, team, involvement, scores, recommendations, spend insights.

A call for each opportunity. AWS may change its side without moving a date of the opportunity, so open ones are read
again in turn. A draft has no summary.
https://docs.aws.amazon.com/partner-central/latest/APIReference/API_GetAwsOpportunitySummary.html
"""

from __future__ import annotations

from collections.abc import Iterator

from ..operation import Get
from ..per_id_stream import Parent, PerIdStream
from ..tables.history import UndatedHistoryRules
from ..tables.record import UndatedMembers
from ..tables.table import Path
from ..tables.types import ColumnType
from .opportunities import OPPORTUNITIES
from .opportunity_details import CLOSED, PERSON

SPEND: Path = ("Insights", "AwsProductsSpendInsightsBySource")
SOURCES = {"Partner": "partner", "AWS": "aws"}
TOTALS = {
    "TotalAmount": "total_amount",
    "TotalOptimizedAmount": "total_optimized_amount",
    "TotalPotentialSavingsAmount": "total_potential_savings_amount",
}
OF_A_PRODUCT = ("Amount", "OptimizedAmount", "PotentialSavingsAmount")
FIGURE = "a figure of the expected spend; it names nobody"
CURRENCY = "one of a list of currencies"


def _names(source: str, name: str) -> Iterator[tuple[Path, str]]:
    """Short names of what AWS says of the spend, by one source."""
    here = (*SPEND, source)
    for member, column in {"CurrencyCode": "currency_code", "Frequency": "frequency", **TOTALS}.items():
        yield (*here, member), f"{name}_spend_{column}"
    yield (*here, "AwsProducts"), f"{name}_spend_products"
    yield (*here, "AwsProducts", "Optimizations"), "savings"
    yield (*here, "TotalAmountByCategory"), f"{name}_spend_by_category"


def _amounts(source: str) -> Iterator[Path]:
    """The amounts in what AWS says of the spend, by one source."""
    here = (*SPEND, source)
    yield from ((*here, member) for member in TOTALS)
    yield (*here, "TotalAmountByCategory")
    yield from ((*here, "AwsProducts", member) for member in OF_A_PRODUCT)
    yield (*here, "AwsProducts", "Optimizations", "SavingsAmount")


def _not_personal(source: str) -> Iterator[tuple[str, str]]:
    """Members that the service model calls sensitive in what AWS says of the spend, by one source."""
    here = ".".join((*SPEND, source))
    yield f"{here}.CurrencyCode", CURRENCY
    yield from ((f"{here}.{member}", FIGURE) for member in (*TOTALS, "TotalAmountByCategory[].Value"))
    yield from ((f"{here}.AwsProducts[].{member}", FIGURE) for member in OF_A_PRODUCT)
    yield f"{here}.AwsProducts[].Optimizations[].SavingsAmount", FIGURE


def _plain(source: str) -> Iterator[str]:
    """Further members that are stored as they are in what AWS says of the spend, by one source."""
    here = ".".join((*SPEND, source))
    yield from (f"{here}.Frequency", f"{here}.TotalAmountByCategory[].Key")
    yield from (f"{here}.AwsProducts[].{member}" for member in ("Categories", "ProductCode", "ServiceCode"))
    yield f"{here}.AwsProducts[].Optimizations[].Description"


AMOUNTS: dict[Path, ColumnType] = {path: "decimal" for source in SOURCES for path in _amounts(source)}

AWS_OPPORTUNITY_SUMMARIES = PerIdStream(
    table="aws_opportunity_summaries",
    singular="aws_opportunity_summary",
    child_key="opportunity_id",
    operation=Get("GetAwsOpportunitySummary", id_member="RelatedOpportunityIdentifier"),
    parent=Parent(OPPORTUNITIES, closed=CLOSED),
    id_member="RelatedOpportunityId",
    members=UndatedMembers(key_parts=("RelatedOpportunityId",)),
    types=AMOUNTS | {("SoftwareRevenue", "Value", "Amount"): "decimal"},
    names={
        **{path: name for source, short in SOURCES.items() for path, name in _names(source, short)},
        ("RelatedEntityIds", "AwsMarketplaceProducts"): "related_marketplace_products",
        ("RelatedEntityIds", "AwsMarketplaceSolutions"): "related_marketplace_solutions",
        ("RelatedEntityIds", "AwsProducts"): "related_aws_products",
        ("RelatedEntityIds", "Solutions"): "related_solutions",
    },
    personal=(
        *(f"Customer.Contacts[].{member}" for member in PERSON),
        "Insights.NextBestActions",
        "Insights.Recommendations[].Details",
        "LifeCycle.NextSteps",
        "LifeCycle.NextStepsHistory[].Value",
        *(f"OpportunityTeam[].{member}" for member in PERSON if member not in {"BusinessTitle", "Phone"}),
        "Project.ExpectedCustomerSpend[].EstimationUrl",
    ),
    not_personal={
        **{path: why for source in SOURCES for path, why in _not_personal(source)},
        "Project.ExpectedCustomerSpend[].Amount": FIGURE,
        "Project.ExpectedCustomerSpend[].CurrencyCode": CURRENCY,
        "SoftwareRevenue.Value.CurrencyCode": CURRENCY,
    },
    plain=(
        *(path for source in SOURCES for path in _plain(source)),
        "Catalog",
        "CosellMotion",
        "Insights.EngagementScore",
        "Insights.OpportunityQuality.Score",
        "Insights.OpportunityQuality.Trend",
        "Insights.Recommendations[].Attributes[].Key",
        "Insights.Recommendations[].Attributes[].Value",
        "Insights.Recommendations[].Type",
        "InvolvementType",
        "InvolvementTypeChangeReason",
        "LifeCycle.ClosedLostReason",
        "LifeCycle.NextStepsHistory[].Time",
        "LifeCycle.Stage",
        "LifeCycle.TargetCloseDate",
        "OpportunityTeam[].BusinessTitle",
        "Origin",
        "Project.AwsPartition",
        "Project.ExpectedCustomerSpend[].Frequency",
        "Project.ExpectedCustomerSpend[].TargetCompany",
        "RelatedEntityIds.AwsMarketplaceProducts",
        "RelatedEntityIds.AwsMarketplaceSolutions",
        "RelatedEntityIds.AwsProducts",
        "RelatedEntityIds.Solutions",
        "RelatedOpportunityId",
        "SoftwareRevenue.Discount",
        "SoftwareRevenue.EffectiveDate",
        "SoftwareRevenue.ExpirationDate",
        "SoftwareRevenue.Value.Amount",
        "Visibility",
    ),
    history=UndatedHistoryRules(
        content=(
            "cosell_motion",
            "insights_engagement_score",
            "insights_next_best_actions",
            "insights_opportunity_quality_score",
            "insights_opportunity_quality_trend",
            "involvement_type",
            "involvement_type_change_reason",
            "life_cycle_closed_lost_reason",
            "life_cycle_next_steps",
            "life_cycle_stage",
            "life_cycle_target_close_date",
            "origin",
            "project_aws_partition",
            "software_revenue_discount",
            "software_revenue_effective_date",
            "software_revenue_expiration_date",
            "software_revenue_value_amount",
            "software_revenue_value_currency_code",
            "visibility",
        ),
    ),
)
