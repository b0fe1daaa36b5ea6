"""What to ask for, and in which order: data first, asking second.

Two orders cannot lose a record, whatever the opaque token means: an offset, a position or a snapshot.

- Descending LastModifiedDate, from the first page to the last. A record that changes meanwhile jumps to the front,
  which has been read: its new date is at or above the watermark, so the next run sees it. Everything else only moves
  towards us: it may be seen twice, never skipped.
- Ascending CreatedDate, which never changes: a record can enter such a listing, never leave it or move within it. It
  can be cut into windows that are read side by side (`partitions.py`).

Both hold for listings that no record leaves. A filter on a member that changes breaks that: what leaves the list shifts
what is unread. Such a list is read without tokens (`keyset.py`).

An order is checked, not believed: a service may accept a sort and ignore it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal

from ..api.client import Page
from ..errors import ConfigurationError, PaginationError

PAGE_SIZE = 100
SortBy = Literal["LastModifiedDate", "CreatedDate", "CustomerCompanyName"]
SortOrder = Literal["ASCENDING", "DESCENDING"]


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of `ListOpportunities` a user may set; within one, any of its values matches."""

    life_cycle_stage: tuple[str, ...] = ()
    life_cycle_review_status: tuple[str, ...] = ()
    customer_company_name: tuple[str, ...] = ()
    identifier: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, values in self._set():
            if not all(values):
                raise ConfigurationError(f"{name} was given an empty value.")
            most = 20 if name == "identifier" else 10
            if len(values) > most:
                raise ConfigurationError(
                    f"{name} takes at most {most} values, {len(values)} were given. Run several syncs."
                )

    @property
    def records_can_leave(self) -> bool:
        """Whether a record that changes may no longer match: an id stays, a stage does not."""
        return bool(self.life_cycle_stage or self.life_cycle_review_status or self.customer_company_name)

    def request(self) -> dict[str, list[str]]:
        """These filters as members of a request."""
        return {"".join(word.capitalize() for word in name.split("_")): list(values) for name, values in self._set()}

    def scope(self) -> str:
        """A name for what these filters select, the same whatever the order of values; `all` without filters."""
        chosen = [(name, sorted(set(values))) for name, values in self._set()]
        if not chosen:
            return "all"
        digest = hashlib.blake2b(repr(chosen).encode(), digest_size=8).hexdigest()
        return "-".join([*(name for name, _ in chosen), digest])

    def _set(self) -> list[tuple[str, tuple[str, ...]]]:
        values = [(field.name, getattr(self, field.name)) for field in fields(self)]
        return [(name, chosen) for name, chosen in values if chosen]


@dataclass(frozen=True, slots=True)
class ListRequest:
    """One listing of opportunities.

    Attributes:
        catalog: `AWS` or `Sandbox`.
        filters: which opportunities.
        modified_since: only those last modified at or after this; all, if None.
        sort_by: which member orders them.
        sort_order: in which direction.
        created_since: only those created after this; all, if None.
    """

    catalog: str
    filters: Filters = Filters()
    modified_since: datetime | None = None
    sort_by: SortBy = "LastModifiedDate"
    sort_order: SortOrder = "DESCENDING"
    created_since: datetime | None = None

    @property
    def is_everything(self) -> bool:
        """Whether it lists all there is."""
        return self.filters == Filters() and self.modified_since is None

    def oldest_first(self, created_since: datetime | None) -> ListRequest:
        """The same opportunities in ascending CreatedDate, from a moment on."""
        return replace(self, sort_by="CreatedDate", sort_order="ASCENDING", created_since=created_since)

    def samples(self) -> tuple[ListRequest, ListRequest]:
        """The same opportunities in orders that have little to do with dates: their first pages are nearly samples."""
        by_name = replace(self, sort_by="CustomerCompanyName", sort_order="ASCENDING")
        return by_name, replace(by_name, sort_order="DESCENDING")

    def youngest_first(self) -> ListRequest:
        """The same opportunities in descending CreatedDate; where null sorts highest, those without one come first."""
        return replace(self, sort_by="CreatedDate", sort_order="DESCENDING")

    def request(self, next_token: str | None = None) -> dict[str, Any]:
        """The parameters of `ListOpportunities` for the first page, or for the one behind `next_token`."""
        request: dict[str, Any] = {
            "Catalog": self.catalog,
            "MaxResults": PAGE_SIZE,
            "Sort": {"SortBy": self.sort_by, "SortOrder": self.sort_order},
            **self.filters.request(),
        }
        if self.modified_since is not None:
            request["LastModifiedDate"] = {"AfterLastModifiedDate": self.modified_since}
        if self.created_since is not None:
            request["CreatedDate"] = {"AfterCreatedDate": self.created_since}
        if next_token is not None:
            request["NextToken"] = next_token
        return request


def pages(
    listing: ListRequest, ask: Callable[[Mapping[str, Any]], Page], next_token: str | None = None
) -> Iterator[Page]:
    """Every page of a listing, in order; from the one behind `next_token` on, if that is given.

    Raises:
        BrokenListing: a token came a second time, so the listing would never end.
    """
    followed: set[str] = set()
    page = ask(listing.request(next_token))
    yield page
    while page.next_token is not None:
        if page.next_token in followed:
            raise PaginationError(
                f"Partner Central gave the same token for two pages, after {len(followed)} pages. Nothing of this run "
                "was stored; run it again."
            )
        followed.add(page.next_token)
        page = ask(listing.request(page.next_token))
        yield page


class Order:
    """Checks that the pages of a listing come in the order that was asked for.

    Dates are compared by whole seconds, since a service may order them as text. Between pages only the far end is
    compared: under an offset token, records that enter push some of one page onto the next.

    Args:
        date: the date of a record that the listing is sorted by; None where it has none.
        descending: whether the newest come first.
    """

    def __init__(self, date: Callable[[object], datetime | None], *, descending: bool) -> None:
        self._date = date
        self._descending = descending
        self._reached: datetime | None = None

    def holds(self, page: Page) -> bool:
        """Whether the next page is in order."""
        dates = [date.replace(microsecond=0) for date in map(self._date, page.records) if date is not None]
        if not dates:
            return True
        if self._descending:
            dates.reverse()
        end = dates[0] if self._descending else dates[-1]
        continues = self._reached is None or (end <= self._reached if self._descending else end >= self._reached)
        self._reached = end
        return continues and all(earlier <= later for earlier, later in pairwise(dates))
