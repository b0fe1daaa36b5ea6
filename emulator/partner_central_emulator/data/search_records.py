"""The keys by which `SearchOpportunities` filters and sorts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from ..clock import parse_instant
from .search_filter import Searchable


class Lookup(Protocol):
    """A record, or something that makes it when more than its dates are looked up."""

    def get(self, name: str) -> Any:  # noqa: ANN401
        """Returns a member; `None` if it is absent."""


def _path(*names: str) -> Callable[[Lookup], Any]:
    first, *rest = names

    def of(record: Lookup) -> Any:  # noqa: ANN401
        value = record.get(first)
        for name in rest:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    return of


def _instant(*names: str) -> Callable[[Lookup], int | None]:
    of = _path(*names)

    def instant(record: Lookup) -> int | None:
        found = of(record)
        if found is None or isinstance(found, int):
            return found
        return parse_instant(found if "T" in found else f"{found}T00:00:00Z")

    return instant


def _owner(record: Lookup) -> str | None:
    for member in record.get("OpportunityTeam") or ():
        if member.get("BusinessTitle") == "OpportunityOwner":
            return f"{member.get('FirstName')} {member.get('LastName')}"
    return None


def _mrr(record: Lookup) -> float | None:
    entries = (record.get("Project") or {}).get("ExpectedCustomerSpend") or ()
    amounts = [float(entry["Amount"]) for entry in entries if entry.get("Amount")]
    return sum(amounts) if amounts else None


def _tags(record: Lookup) -> list[str]:
    return [f"{tag['Key']}={tag['Value']}" for tag in record.get("Tags") or ()]


KEYS: Final[dict[str, Searchable]] = {
    "ApnPrograms": Searchable("list", _path("Project", "ApnPrograms")),
    "AwsAccountId": Searchable("text", _path("Customer", "Account", "AwsAccountId")),
    "AwsMarketplaceSolution": Searchable("list", _path("RelatedEntityIdentifiers", "AwsMarketplaceSolutions")),
    "CosellMotion": Searchable("text", _path("AwsOpportunitySummary", "CosellMotion")),
    "CountryCode": Searchable("text", _path("Customer", "Account", "Address", "CountryCode")),
    "CreatedDate": Searchable("date", _instant("CreatedDate")),
    "CustomerCompanyName": Searchable("text", _path("Customer", "Account", "CompanyName")),
    "EngagementScore": Searchable("text", _path("AwsOpportunitySummary", "Insights", "EngagementScore")),
    "EstimatedMrr": Searchable("number", _mrr),
    "Industry": Searchable("text", _path("Customer", "Account", "Industry")),
    "LastModifiedDate": Searchable("date", _instant("LastModifiedDate")),
    "NextStep": Searchable("text", _path("LifeCycle", "NextSteps")),
    "OfferId": Searchable("list", _path("RelatedEntityIdentifiers", "AwsMarketplaceOffers")),
    "OfferSetId": Searchable("list", _path("RelatedEntityIdentifiers", "AwsMarketplaceOfferSets")),
    "OpportunityId": Searchable("text", _path("Id")),
    "OpportunityOwner": Searchable("text", _owner),
    "OpportunityType": Searchable("text", _path("OpportunityType")),
    "Origin": Searchable("text", _path("AwsOpportunitySummary", "Origin")),
    "PartnerOpportunityIdentifier": Searchable("text", _path("PartnerOpportunityIdentifier")),
    "PartnerProjectTitle": Searchable("text", _path("Project", "Title")),
    "ReviewStatus": Searchable("text", _path("LifeCycle", "ReviewStatus")),
    "Stage": Searchable("text", _path("LifeCycle", "Stage")),
    "Tags": Searchable("list", _tags),
    "TargetCloseDate": Searchable("date", _instant("LifeCycle", "TargetCloseDate")),
}
