"""Opportunities found by a filter that is a tree: `SearchOpportunities`."""

from __future__ import annotations

from typing import Any

from ..data.catalog import Catalog
from ..data.search_filter import lower_bound
from ..data.search_records import KEYS
from ..data.search_request import SearchRequest
from .operation import Operation, RecordPage
from .paging import DEFAULT_PAGE, fingerprint, search_test

DEFAULT_SORT = "LastModifiedDate"


def search_opportunities(catalog: Catalog, request: dict[str, Any]) -> RecordPage:
    """Returns one page of results.

    Raises:
        ServiceError: `ValidationException`; the filter or the NextToken is not valid, or the catalog has no search.
    """
    sort = request.get("Sort") or {}
    sort_by = sort.get("SortBy", DEFAULT_SORT)
    bound = None if request.get("Keyword") else lower_bound(request.get("Filter"))
    page = SearchRequest(
        descending=sort.get("SortOrder", "DESCENDING") == "DESCENDING",
        page=request.get("MaxResults") or DEFAULT_PAGE,
        token=request.get("NextToken"),
        fingerprint=fingerprint(request),
        test=search_test(request, KEYS),
        sort_by=sort_by,
        since=bound[1] if bound is not None and bound[0] == sort_by else None,
    )
    return RecordPage("OpportunitySearchSummaries", *catalog.search_page(page))


OPERATIONS = (Operation("SearchOpportunities", search_opportunities),)
