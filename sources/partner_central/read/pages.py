"""Pages of a listing: parsed, followed by token, and checked for order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from ..api.raw_json import Answer, BadBody
from ..errors import PaginationError
from ..operation import List
from ..tables.values import AGAIN, fraction, structure, whole_number

if TYPE_CHECKING:
    from ..api.client import PartnerCentral


class Page(NamedTuple):
    """One page of a listing: its records as the JSON has them, the token of the next, and the service's own clock."""

    records: list[object]
    next_token: str | None
    served_at: datetime | None


Call = Callable[[Mapping[str, Any]], Page]


class HasNext(Protocol):
    """An answer that may have a next one."""

    @property
    def next_token(self) -> str | None:
        """The token of the next page; None after the last."""


class Request(Protocol):
    """A listing, as requests for its pages."""

    def request(self, next_token: str | None = None) -> dict[str, Any]:
        """The parameters of the operation for the first page, or for the one after `next_token`."""


P = TypeVar("P", bound=HasNext)


def page_call(client: PartnerCentral, operation: List) -> Call:
    """Returns the function that requests one page of an operation."""
    return partial(client.call, operation.name, parse=partial(parse_page, operation))


def parse_record(answer: Answer) -> dict[str, Any]:
    """Parse an answer that is one record.

    Raises:
        BadBody: it is cut off, or is not a structure.
    """
    return _parse_structure(answer)


def parse_page(operation: List, answer: Answer) -> Page:
    """Parse an answer of an operation that lists records.

    Raises:
        BadBody: it is cut off, or is not such an answer.
    """
    body = _parse_structure(answer)
    absent = None if operation.may_be_absent else ...
    if not isinstance(found := body.get(operation.records, absent), list | None):
        raise BadBody(f"the answer holds no {operation.records}")
    if not isinstance(body.get("NextToken"), str | None):
        raise BadBody("the answer holds a NextToken that is not text")
    return Page(found or [], body.get("NextToken") or None, answer.served_at)


def _parse_structure(answer: Answer) -> dict[str, Any]:
    try:
        body = json.loads(answer.body, parse_int=whole_number, parse_float=fraction, object_pairs_hook=structure)
    except (ValueError, RecursionError) as error:
        raise BadBody("the answer is cut off or not JSON") from error
    if not isinstance(body, dict):
        raise BadBody("the answer is not a structure")
    if any(AGAIN in name for name in body):
        raise BadBody("the answer holds a member more than once")
    return body


def pages(listing: Request, call: Callable[[Mapping[str, Any]], P], next_token: str | None = None) -> Iterator[P]:
    """Returns every page of a listing, in order; from the one after `next_token` on, if that is given.

    Raises:
        PaginationError: a token came a second time, so the listing would never end.
    """
    followed: set[str] = set()
    page = call(listing.request(next_token))
    yield page
    while page.next_token is not None:
        if page.next_token in followed:
            raise PaginationError(
                f"Partner Central gave the same token for two pages, after {len(followed)} pages. Nothing of this run "
                "was stored; run it again."
            )
        followed.add(page.next_token)
        page = call(listing.request(page.next_token))
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
        """Returns whether the next page is in order."""
        dates = [date.replace(microsecond=0) for date in map(self._date, page.records) if date is not None]
        if not dates:
            return True
        if self._descending:
            dates.reverse()
        end = dates[0] if self._descending else dates[-1]
        continues = self._reached is None or (end <= self._reached if self._descending else end >= self._reached)
        self._reached = end
        return continues and all(earlier <= later for earlier, later in pairwise(dates))
