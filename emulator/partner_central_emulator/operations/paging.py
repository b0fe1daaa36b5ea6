"""Requests for pages, and operations that list a collection whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..clock import parse_instant
from ..data.catalog import Catalog
from ..data.collection import CollectionRequest
from ..data.query import Key
from ..data.records import Json
from ..data.search_filter import Searchable, Test, compiled, sort_key
from .operation import Operation, RecordPage

DEFAULT_PAGE = 20


def fingerprint(request: Mapping[str, Any]) -> str:
    """Returns a text that is equal for requests that differ in their NextToken only."""
    bound = {name: value for name, value in request.items() if name != "NextToken" and value is not None}
    return hashlib.sha256(json.dumps(bound, sort_keys=True).encode()).hexdigest()[:24]


def listing(
    name: str,
    records: str,
    *,
    filters: Mapping[str, str],
    sorts: Mapping[str, str],
    excludes: Mapping[str, str] | None = None,
) -> Operation:
    """Returns an operation that lists a collection.

    Args:
        name: Of the operation.
        records: The member of the answer that has the records.
        filters: The members of the request that filter, each with the member of a record that it compares. An ARN
            finds what its last part finds.
        sorts: The sort keys, each with the member of a record; the first is the default, descending.
        excludes: The members of the request that leave records out, in the same form.
    """

    def answer(catalog: Catalog, request: dict[str, Any]) -> RecordPage:
        sort = request.get("Sort") or {}
        by = sorts[sort.get("SortBy") or next(iter(sorts))]
        wanted = _wishes(request, filters)
        unwanted = _wishes(request, excludes or {})

        def test(head: Json) -> bool:
            found = all(_values(head.get(member)) & values for member, values in wanted)
            return found and not any(_values(head.get(member)) & values for member, values in unwanted)

        page = CollectionRequest(
            descending=sort.get("SortOrder", "DESCENDING") == "DESCENDING",
            page=request.get("MaxResults") or DEFAULT_PAGE,
            token=request.get("NextToken"),
            fingerprint=fingerprint(request),
            test=test,
            key=lambda head: _sortable(head.get(by)),
        )
        return RecordPage(records, *catalog.collection_page(name, page))

    return Operation(name, answer)


def searching(name: str, records: str, *, keys: Mapping[str, Searchable], default: str) -> Operation:
    """Returns an operation that searches a collection.

    Args:
        name: Of the operation.
        records: The member of the answer that has the records.
        keys: What the filter and the sort can name.
        default: The key that sorts, descending, where the request names none.
    """

    def answer(catalog: Catalog, request: dict[str, Any]) -> RecordPage:
        sort = request.get("Sort") or {}
        key = keys[sort.get("SortBy", default)]
        page = CollectionRequest(
            descending=sort.get("SortOrder", "DESCENDING") == "DESCENDING",
            page=request.get("MaxResults") or DEFAULT_PAGE,
            token=request.get("NextToken"),
            fingerprint=fingerprint(request),
            test=search_test(request, keys) or (lambda _: True),
            key=lambda record: sort_key(key.of(record), key.kind),
            looks_inside=True,
        )
        return RecordPage(records, *catalog.collection_page(name, page))

    return Operation(name, answer)


def search_test(request: Mapping[str, Any], keys: Mapping[str, Searchable]) -> Test | None:
    """Returns the test of a search with `Filter` and `Keyword`; `None` if it finds everything.

    Raises:
        ServiceError: `ValidationException`; the filter is not valid.
    """
    tree, keyword = request.get("Filter"), request.get("Keyword")
    matches = None if tree is None else compiled(tree, keys)
    if keyword is None:
        return matches
    small = keyword.lower()

    def test(record: Any) -> bool:  # noqa: ANN401
        has_it = any(small in text.lower() for key in keys.values() for text in _texts(key.of(record)))
        return has_it and (matches is None or matches(record))

    return test


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str):
            yield one


def _wishes(request: Mapping[str, Any], filters: Mapping[str, str]) -> list[tuple[str, set[Any]]]:
    given = ((member, request.get(name)) for name, member in filters.items())
    return [(member, {_bare(one) for one in _listed(value)}) for member, value in given if value]


def _listed(value: Any) -> list[Any]:  # noqa: ANN401
    return value if isinstance(value, list) else [value]


def _bare(value: str) -> str:
    return value.rpartition("/")[2] if value.startswith("arn:") else value


def _values(value: Any) -> set[Any]:  # noqa: ANN401
    return {_bare(one) for one in _listed(value) if one is not None}


def _sortable(value: str | None) -> Key:
    if value is None:
        return ""
    try:
        return f"{parse_instant(value):020d}"
    except ValueError:
        return value
