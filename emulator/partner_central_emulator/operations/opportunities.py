"""Opportunities: the list with its filters and sort orders, one in detail, and AWS's summary of one."""

from __future__ import annotations

from typing import Any

from ..clock import parse_instant
from ..data.catalog import Catalog
from ..data.query import Choice, ListRequest, Query, Range
from .operation import Operation, RecordPage, SingleRecord
from .paging import DEFAULT_PAGE, fingerprint

DEFAULT_SORT = "LastModifiedDate"

_RANGES = ("LastModifiedDate", "CreatedDate", "TargetCloseDate")
_CHOICES = ("Identifier", "CustomerCompanyName", "LifeCycleStage", "LifeCycleReviewStatus")


def list_opportunities(catalog: Catalog, request: dict[str, Any]) -> RecordPage:
    """Returns one page of opportunities.

    Raises:
        ServiceError: `ValidationException`; the NextToken is not valid for this request.
    """
    records, token = catalog.page(read_request(request))
    return RecordPage("OpportunitySummaries", records, token)


def get_opportunity(catalog: Catalog, request: dict[str, Any]) -> SingleRecord:
    """Returns one opportunity with all its members.

    Raises:
        ServiceError: `ResourceNotFoundException`; the opportunity does not exist or is not visible.
    """
    return SingleRecord(catalog.opportunity("GetOpportunity", request["Identifier"]))


def get_aws_summary(catalog: Catalog, request: dict[str, Any]) -> SingleRecord:
    """Returns AWS's summary of one opportunity.

    Raises:
        ServiceError: `ResourceNotFoundException`; the opportunity does not exist or is not visible.
    """
    return SingleRecord(catalog.aws_summary("GetAwsOpportunitySummary", request["RelatedOpportunityIdentifier"]))


OPERATIONS = (
    Operation("ListOpportunities", list_opportunities),
    Operation("GetOpportunity", get_opportunity),
    Operation("GetAwsOpportunitySummary", get_aws_summary),
)


def read_request(request: dict[str, Any]) -> ListRequest:
    """Returns the request that valid parameters make; a `null` member and an empty list filter nothing."""
    sort = request.get("Sort") or {}
    query = Query(
        sort_by=sort.get("SortBy", DEFAULT_SORT),
        ranges=tuple(_range(field, request[field]) for field in _RANGES if request.get(field)),
        choices=tuple(Choice(field, frozenset(request[field])) for field in _CHOICES if request.get(field)),
    )
    return ListRequest(
        query=query,
        descending=sort.get("SortOrder", "DESCENDING") == "DESCENDING",
        page=request.get("MaxResults") or DEFAULT_PAGE,
        token=request.get("NextToken"),
        fingerprint=fingerprint(request),
    )


def _range(field: str, bounds: dict[str, str | None]) -> Range:
    after, before = bounds.get(f"After{field}"), bounds.get(f"Before{field}")
    if field == "TargetCloseDate":
        return Range(field, after, before)
    return Range(field, after and parse_instant(after), before and parse_instant(before))
