"""An account in memory that lists opportunities by CreatedDate or Identifier, as Partner Central may or should not."""

from __future__ import annotations

import threading
import zlib
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from partner_central.errors import PaginationError, RequestInvalid
from partner_central.read.pages import Page

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
PAGE = 100
SECOND = timedelta(seconds=1)
TokenKind = Literal["offset", "position", "snapshot"]
KeyOrder = Literal["text", "length", "ignored", "refused"]
Until = Literal["exclusive", "inclusive", "ignored", "of the day before", "refused"]


@dataclass
class KeyedAccount:
    """Records by key.

    Attributes:
        created: their CreatedDates.
        token: what a token means.
        order: how keys are sorted, if they are.
        until: how BeforeCreatedDate is understood.
        most: records behind which a listing by key ends, by its SortOrder.
        on_call: called with the number of each call, from 1, and its request, before it is answered.
    """

    created: dict[str, datetime]
    token: TokenKind = "offset"
    order: KeyOrder = "text"
    until: Until = "exclusive"
    most: Mapping[str, int] = field(default_factory=dict)
    on_call: Callable[[int, Mapping[str, Any]], None] = lambda *_: None
    requests: list[dict[str, Any]] = field(default_factory=list)
    expired: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self._snapshots: dict[str, list[str]] = {}
        self._offsets: dict[str, tuple[int, str]] = {}

    def ask(self, request: Mapping[str, Any]) -> Page:
        with self.lock:
            self.requests.append(dict(request))
            self.on_call(len(self.requests), request)
            return self._page(request)

    def by_key(self, order: str | None = None) -> list[dict[str, Any]]:
        """The requests that list by key, in one order or both."""
        found = [request for request in self.requests if request["Sort"]["SortBy"] == "Identifier"]
        return [request for request in found if order in {None, request["Sort"]["SortOrder"]}]

    def expire(self) -> None:
        """No token that was given is accepted any more."""
        self.expired.update(self._offsets)

    def _page(self, request: Mapping[str, Any]) -> Page:
        listed, token, offset = self._listed(request), request.get("NextToken"), 0
        if token is not None:
            if token in self.expired:
                raise PaginationError("The token of the next page is no longer accepted.")
            offset, last = self._offsets[token]
            if self.token == "snapshot":
                listed = self._snapshots[token]
            elif self.token == "position":
                places = [self._place(request, key) for key in listed]
                place = self._place(request, last)
                descends = request["Sort"]["SortOrder"] == "DESCENDING"
                offset = bisect_right(places, place) if not descends else sum(one >= place for one in places)
        found, end = listed[offset : offset + PAGE], offset + PAGE
        following = None
        if end < len(listed):
            following = f"token {len(self._offsets)}"
            self._offsets[following] = end, found[-1]
            self._snapshots[following] = listed
        return Page([{"Id": key, "CreatedDate": self.created[key].isoformat()} for key in found], following, NOON)

    def _listed(self, request: Mapping[str, Any]) -> list[str]:
        sort, bounds = request["Sort"], request.get("CreatedDate", {})
        is_by_key = sort["SortBy"] == "Identifier"
        since, until = bounds.get("AfterCreatedDate"), bounds.get("BeforeCreatedDate")
        if (is_by_key and self.order == "refused") or (until and self.until == "refused"):
            raise RequestInvalid("It is refused.")
        found = [key for key, date in self.created.items() if since is None or date >= since]
        if until is not None and self.until != "ignored":
            until -= timedelta(days=self.until == "of the day before")
            found = [key for key in found if self.created[key] < until + SECOND * (self.until == "inclusive")]
        found.sort(key=lambda key: self._place(request, key), reverse=sort["SortOrder"] == "DESCENDING")
        return found[: self.most.get(sort["SortOrder"]) if is_by_key else None]

    def _place(self, request: Mapping[str, Any], key: str) -> tuple[Any, ...]:
        if request["Sort"]["SortBy"] == "CreatedDate":
            return self.created[key], key
        if self.order == "ignored":
            return zlib.crc32(key.encode()), key
        return (len(key), key) if self.order == "length" else (key,)
