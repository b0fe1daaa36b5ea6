"""Opportunities found by a filter that is a tree: `SearchOpportunities`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..data.catalog import Catalog
from ..data.search_filter import compiled
from ..data.search_records import KEYS
from ..data.search_request import SearchRequest
from .operation import Operation, RecordPage
from .paging import DEFAULT_PAGE, fingerprint

DEFAULT_SORT = "LastModifiedDate"


def search_opportunities(catalog: Catalog, request: dict[str, Any]) -> RecordPage:
    """Returns one page of results.

    Raises:
        ServiceError: `ValidationException`; the filter or the NextToken is not valid, or the catalog has no search.
    """
    sort = request.get("Sort") or {}
    page = SearchRequest(
        descending=sort.get("SortOrder", "DESCENDING") == "DESCENDING",
        page=request.get("MaxResults") or DEFAULT_PAGE,
        token=request.get("NextToken"),
        fingerprint=fingerprint(request),
        test=_test(request),
        sort_by=sort.get("SortBy", DEFAULT_SORT),
    )
    return RecordPage("OpportunitySearchSummaries", *catalog.search_page(page))


OPERATIONS = (Operation("SearchOpportunities", search_opportunities),)


def _test(request: dict[str, Any]) -> Callable[[Any], bool] | None:
    tree, keyword = request.get("Filter"), request.get("Keyword")
    matches = None if tree is None else compiled(tree, KEYS)
    if keyword is None:
        return matches
    small = keyword.lower()

    def test(record: Any) -> bool:  # noqa: ANN401
        has_it = any(small in text.lower() for key in KEYS.values() for text in _texts(key.of(record)))
        return has_it and (matches is None or matches(record))

    return test


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str):
            yield one
