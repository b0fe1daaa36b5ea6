"""The keys of `SearchEngagements`: members of an engagement and of the contexts in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from ..clock import parse_instant
from .leads import LEAD, PROSPECTING
from .records import Json
from .search_filter import Searchable


def _text(name: str) -> Searchable:
    return Searchable("text", lambda record: record.get(name))


def _date(name: str) -> Searchable:
    def of(record: Json) -> int | None:
        return parse_instant(record[name]) if record.get(name) else None

    return Searchable("date", of)


def _in_contexts(kind: str, *path: str) -> Searchable:
    def of(record: Json) -> list[str]:
        payloads = ((context.get("Payload") or {}).get(kind) for context in record.get("Contexts") or ())
        return [text for payload in payloads for text in _found(payload, path)]

    return Searchable("list", of)


def _found(value: Any, path: tuple[str, ...]) -> Iterator[str]:  # noqa: ANN401
    if isinstance(value, list):
        for entry in value:
            yield from _found(entry, path)
    elif path and isinstance(value, dict):
        yield from _found(value.get(path[0]), path[1:])
    elif isinstance(value, str):
        yield value


def _prospecting(*path: str) -> Searchable:
    return _in_contexts(PROSPECTING, "Aws", *path)


_TYPES: Final[Callable[[Json], list[str]]] = lambda record: [one["Type"] for one in record.get("Contexts") or ()]  # noqa: E731

KEYS: Final[dict[str, Searchable]] = {
    "ContextType": Searchable("list", _TYPES),
    "CreatedAt": _date("CreatedAt"),
    "EngagementId": _text("Id"),
    "LastModifiedAt": _date("ModifiedAt"),
    "LeadCustomerAwsMaturity": _in_contexts(LEAD, "Customer", "AwsMaturity"),
    "LeadCustomerCompanyName": _in_contexts(LEAD, "Customer", "CompanyName"),
    "LeadCustomerCountryCode": _in_contexts(LEAD, "Customer", "Address", "CountryCode"),
    "LeadCustomerIndustry": _in_contexts(LEAD, "Customer", "Industry"),
    "LeadCustomerMarketSegment": _in_contexts(LEAD, "Customer", "MarketSegment"),
    "LeadInteractionsContactBusinessTitle": _in_contexts(LEAD, "Interactions", "Contact", "BusinessTitle"),
    "LeadInteractionsContactFirstName": _in_contexts(LEAD, "Interactions", "Contact", "FirstName"),
    "LeadInteractionsContactLastName": _in_contexts(LEAD, "Interactions", "Contact", "LastName"),
    "LeadInteractionsSourceName": _in_contexts(LEAD, "Interactions", "SourceName"),
    "LeadInteractionsSourceType": _in_contexts(LEAD, "Interactions", "SourceType"),
    "LeadInteractionsUsecase": _in_contexts(LEAD, "Interactions", "Usecase"),
    "LeadQualificationStatus": _in_contexts(LEAD, "QualificationStatus"),
    "LeadReadinessScore": _in_contexts(LEAD, "Insights", "LeadReadinessScore"),
    "MemberCount": Searchable("number", lambda record: record.get("MemberCount")),
    "PartnerId": _text("CreatedBy"),
    "ProspectingCustomerCompanySize": _prospecting("Customer", "CompanySize"),
    "ProspectingCustomerCountry": _prospecting("Customer", "Country"),
    "ProspectingCustomerGeo": _prospecting("Customer", "Geo"),
    "ProspectingCustomerIndustry": _prospecting("Customer", "Industry"),
    "ProspectingCustomerRegion": _prospecting("Customer", "Region"),
    "ProspectingCustomerSegment": _prospecting("Customer", "Segment"),
    "ProspectingInsightsMarketplaceEngagementScore": _prospecting("Insights", "MarketplaceEngagementScore"),
    "ProspectingInsightsSolutionCategory": _prospecting("Insights", "SolutionCategory"),
    "ProspectingInsightsSolutionSubCategory": _prospecting("Insights", "SolutionSubCategory"),
    "Title": _text("Title"),
}
