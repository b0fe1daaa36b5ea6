"""The calls of a probe, in order: the most telling first, so that a limit that is reached costs the least."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from .evidence import Evidence, Reply, digits
from .requests import first_key, key_and_date, review_status, sorted_by

if TYPE_CHECKING:
    from botocore.model import ServiceModel

    from .calls import Caller

LIST, SEARCH = "ListOpportunities", "SearchOpportunities"
SUMMARY: Final = "GetAwsOpportunitySummary"
OF_ONE: Final = ("GetOpportunity", SUMMARY, "ListEngagementMembers")
PAGE, SMALL_PAGE, LARGE_PAGE = 100, 10, 50
SMALL_PAGES: Final = 4  # that are read of the small pages at the end
CALLS_AT_THE_END: Final = 3 + SMALL_PAGES + 2
SEARCH_PAGES: Final = 11  # one more than the listing of a search that this project trusts to its end
SECOND, DAY, MILLISECOND = timedelta(seconds=1), timedelta(days=1), timedelta(milliseconds=1)
DATES: Final = ("LastModifiedDate", "CreatedDate", "TargetCloseDate")
DRAFT: Final = "Pending Submission"
IDS_OF_A_FILTER: Final = 20

Show = Callable[[str], None]
Request = Mapping[str, Any]


class Steps:
    """Makes the calls of a probe, and records what came of them.

    Args:
        caller: makes a call.
        evidence: where it is recorded.
        model: the model of the service.
        operations: names of the operations that syncs use.
        wait: waits for seconds.
        show: tells a user what is asked now.
        clock: a monotonic clock, in seconds.
    """

    def __init__(
        self,
        caller: Caller,
        evidence: Evidence,
        model: ServiceModel,
        operations: Iterable[str],
        *,
        wait: Callable[[float], object],
        show: Show,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._caller = caller
        self._evidence = evidence
        self._model = model
        self._operations = tuple(operations)
        self._wait = wait
        self._show = show
        self._clock = clock

    def run(self, token_age: float) -> None:
        """Makes all calls.

        Args:
            token_age: seconds after which a token is used again.
        """
        self._show("the newest opportunities")
        newest = self._ask("newest", LIST, sorted_by("LastModifiedDate", "DESCENDING", PAGE))
        self._begin_tokens(newest)
        began = self._clock()
        self._show("the operations")
        self._ask_operations(newest)
        self._show("orders and bounds")
        self._ask("default", LIST, {})
        oldest = self._ask("oldest created", LIST, sorted_by("CreatedDate", "ASCENDING", PAGE))
        self._ask_draft(newest, oldest)
        self._ask_bounds(newest)
        self._show("the search")
        self._ask_search(newest)
        if self._evidence.reply("small first").token:
            left = max(0.0, token_age - (self._clock() - began))
            self._show(f"whether a token is valid after {token_age:.0f} seconds")
            self._wait(left)
            self._evidence.token_age = self._clock() - began
            self._end_tokens()

    def _ask(self, name: str, operation: str, request: Request) -> Reply:
        reply = self._caller.call(operation, request)
        if reply.status != "not sent":
            self._evidence.replies[name] = reply
            self._evidence.operations.setdefault(operation, reply)
        return reply

    def _begin_tokens(self, newest: Reply) -> None:
        """Reads the first page of two listings, whose tokens are used much later."""
        count = len(newest.records)
        if count > 1:
            size = max(1, min(SMALL_PAGE, count // 3))
            first = self._ask("small first", LIST, sorted_by("LastModifiedDate", "DESCENDING", size))
            if first.token:
                other = sorted_by("LastModifiedDate", "DESCENDING", size + 1)
                self._ask("other size", LIST, {**other, "NextToken": first.token})
        if count == PAGE and newest.token:
            self._ask("large first", LIST, sorted_by("LastModifiedDate", "DESCENDING", LARGE_PAGE))

    def _end_tokens(self) -> None:
        """Uses the tokens, between two readings that show what has changed meanwhile."""
        size = len(self._evidence.reply("small first").records)
        self._ask("before", LIST, sorted_by("LastModifiedDate", "DESCENDING", PAGE))
        token = self._evidence.reply("small first").token
        for number in range(1, SMALL_PAGES + 1):
            if token is None:
                break
            page = sorted_by("LastModifiedDate", "DESCENDING", size) | {"NextToken": token}
            token = self._ask(f"small {number}", LIST, page).token
        if self._evidence.reply("small 1").is_answered:
            again = {"NextToken": self._evidence.reply("small first").token}
            self._ask("small again", LIST, sorted_by("LastModifiedDate", "DESCENDING", size) | again)
        if large := self._evidence.reply("large first").token:
            self._ask("large 1", LIST, sorted_by("LastModifiedDate", "DESCENDING", LARGE_PAGE) | {"NextToken": large})
        self._ask("after", LIST, sorted_by("LastModifiedDate", "DESCENDING", PAGE))

    def _ask_operations(self, newest: Reply) -> None:
        """Calls every operation once, with its largest page; last if it needs the key of a record."""
        wanted = [name for name in dict.fromkeys((*self._operations, *OF_ONE)) if name in self._model.operation_names]
        for operation in sorted(wanted, key=lambda name: bool(self._keys_of(name))):
            if operation in self._evidence.operations:
                continue
            request = self._request(operation, newest)
            if request is None:
                self._evidence.unasked.append(operation)
            else:
                self._ask_operation(operation, request)

    def _ask_draft(self, *pages: Reply) -> None:
        """Asks for AWS's summary of an opportunity that was not submitted."""
        draft = first_key(*(one for page in pages for one in page.records if review_status(one) == DRAFT))
        summaries = self._evidence.operations.get(SUMMARY)
        if draft is not None and summaries is not None and summaries.status not in {"denied", "refused"}:
            self._ask("draft summary", SUMMARY, {"RelatedOpportunityIdentifier": draft})

    def _ask_operation(self, operation: str, request: dict[str, Any]) -> None:
        """Calls an operation; one that does not take the request, without a size of the page, to tell the reason."""
        name = "search newest" if operation == SEARCH else operation
        reply = self._ask(name, operation, request)
        if reply.status == "invalid" and "MaxResults" in request:
            other = self._ask(name, operation, {key: value for key, value in request.items() if key != "MaxResults"})
            if other.is_answered:
                self._evidence.operations[operation] = other
                self._evidence.too_large.append(operation)

    def _request(self, operation: str, newest: Reply) -> dict[str, Any] | None:
        """Returns a request for an operation; None if it needs the key of a record and there is none."""
        if operation == SEARCH:
            return sorted_by("LastModifiedDate", "DESCENDING", PAGE)
        shape: Any = self._model.operation_model(operation).input_shape
        request: dict[str, Any] = {}
        if "MaxResults" in shape.members:
            request["MaxResults"] = shape.members["MaxResults"].metadata.get("max", PAGE)
        for name in shape.required_members:
            if name == "Catalog":
                continue
            enum = getattr(shape.members[name], "enum", ())
            value = enum[0] if enum else self._key_for(operation, newest)
            if value is None:
                return None
            request[name] = value
        return request

    def _keys_of(self, operation: str) -> list[str]:
        """Returns the required members of a request that are the key of a record."""
        shape: Any = self._model.operation_model(operation).input_shape
        return [name for name in shape.required_members if name.endswith("Identifier")]

    def _key_for(self, operation: str, newest: Reply) -> str | None:
        """Returns the key of a record that an operation can be asked about."""
        if "Opportunity" in operation:
            submitted = [one for one in newest.records if review_status(one) != DRAFT]
            return first_key(*submitted, *newest.records)
        lists = (self._evidence.reply(name) for name in ("ListEngagements", "SearchEngagements"))
        return first_key(*(one for reply in lists for one in reply.records))

    def _ask_bounds(self, newest: Reply) -> None:
        """Asks for one record by its key and its own date, as each bound; and by a date a little further out."""
        for field in DATES:
            found = key_and_date(reversed(newest.records), field)  # the last to change meanwhile
            if found is None:
                continue
            key, at, text = found
            step = DAY if field == "TargetCloseDate" else SECOND
            for side, outer in (("After", -step), ("Before", step)):
                for name, value in (("at", at), ("beyond", at + outer)):
                    bound = {f"{side}{field}": value.isoformat() if field == "TargetCloseDate" else value}
                    self._ask(f"{side}{field} {name}", LIST, {"Identifier": [key], field: bound})
            if field == "LastModifiedDate" and digits(text) == 0:
                bound = {"AfterLastModifiedDate": at + MILLISECOND}
                self._ask("hidden fraction", LIST, {"Identifier": [key], field: bound})

    def _ask_search(self, newest: Reply) -> None:
        found = self._evidence.reply("search newest")
        if not found.is_answered:
            return
        self._ask("search oldest created", SEARCH, sorted_by("CreatedDate", "ASCENDING", PAGE))
        self._ask("search oldest", SEARCH, sorted_by("LastModifiedDate", "ASCENDING", 1))
        if (dated := key_and_date(reversed(found.records), "LastModifiedDate")) is not None:
            key, at, _ = dated
            same = {"EqualsTo": {"Key": "OpportunityId", "Value": {"StringValue": key}}}
            since = {"GreaterThanOrEquals": {"Key": "LastModifiedDate", "Value": {"DateValue": at}}}
            self._ask("search at", SEARCH, {"MaxResults": PAGE, "Filter": {"AndAllFilters": [same, since]}})
        if newest.is_answered and (others := [key for key in found.ids if key and key not in newest.ids]):
            self._ask("search others", LIST, {"Identifier": others[:IDS_OF_A_FILTER]})
        page, number = found, 1
        while page.token and number < SEARCH_PAGES and self._caller.left > CALLS_AT_THE_END:
            number += 1
            request = sorted_by("LastModifiedDate", "DESCENDING", PAGE) | {"NextToken": page.token}
            page = self._ask(f"search page {number}", SEARCH, request)
