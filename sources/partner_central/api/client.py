"""One call: ask for a page at the quota's pace, take the raw JSON, retry what passes, name what does not.

The raw JSON is taken before botocore parses it: botocore drops members its model does not know, and spends most of
its time on timestamps.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from ..errors import CallBudgetExhausted, ServiceUnavailable
from ..metrics import SyncMetrics
from ..tables.types import AGAIN, fraction, structure, whole_number
from .connection import MAX_CONCURRENT_CALLS
from .failures import is_throttle, is_transient, to_source_error
from .quota import Quota
from .rate_limit import Slot, back_off

if TYPE_CHECKING:
    from mypy_boto3_partnercentral_selling import PartnerCentralSellingAPIClient

ATTEMPTS = 8
SPARE, SMOOTHING = 1.2, 4
RAW = "RawBody"
SERVED_AT = "ServedAt"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing: its records as the JSON has them, the token of the next, and the service's own clock."""

    records: list[object]
    next_token: str | None
    served_at: datetime | None


class _BadBody(Exception):
    """An answer that says success and is not what was asked for: cut off, or no JSON."""


class PartnerCentral:
    """Partner Central, asked one page at a time, by any number of threads.

    Args:
        connect: gives the boto3 client; called once, at the first call.
        quota: gives how fast to ask, and how many calls are left; called once, for the boto3 client.
        attempts: how often one page is asked for before the run gives up.
        max_calls: calls after which to stop; None for as many as the day has left.
        tally: where calls, throttles and waiting are counted.
        stop: set by `close`; all waiting is done on it.
    """

    def __init__(
        self,
        connect: Callable[[], PartnerCentralSellingAPIClient],
        quota: Callable[[PartnerCentralSellingAPIClient], Quota] = lambda _: Quota(),
        *,
        attempts: int = ATTEMPTS,
        max_calls: int | None = None,
        tally: SyncMetrics | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.tally = tally or SyncMetrics()
        self._connect = connect
        self._quota = quota
        self._attempts = attempts
        self._max_calls = max_calls
        self._lock = threading.Lock()
        self._taken = 0
        self._closed = stop or threading.Event()
        self._latency = 0.0
        self._open: tuple[PartnerCentralSellingAPIClient, Quota] | None = None

    def list_opportunities(self, request: Mapping[str, Any]) -> Page:
        """One page of `ListOpportunities`.

        Raises:
            ConfigurationError: credentials or region are missing or wrong.
            Refused: permission or validation.
            BrokenListing: the token of a page is no longer accepted.
            BudgetSpent: no call is left, of the day's or of this run's.
            Unavailable: a passing failure outlasted the retries, or the client was closed meanwhile.
        """
        failures = 0
        while True:
            try:
                return self._ask(request)
            except (ClientError, BotoCoreError, ResponseParserError, _BadBody) as error:
                failures += 1
                boto = self._open[0] if self._open else None
                self.tally.record_failure(throttled=is_throttle(error))
                if not (isinstance(error, _BadBody) or is_throttle(error) or is_transient(error, boto)):
                    raise to_source_error(error, request, boto) from error
                if failures >= self._attempts:
                    raise ServiceUnavailable(
                        f"Partner Central did not answer ListOpportunities in {failures} attempts; the last failure "
                        f"was: {error}. Run again later; nothing is lost."
                    ) from error
                # The pace has reacted already: what is throttled once just takes its next slot.
                self._wait(back_off(failures - 1 if is_throttle(error) else failures))

    def concurrency(self) -> int:
        """How many may ask side by side before the pace is the limit, not the latency; with some to spare."""
        if self._open is None or not self._latency:
            return 1
        rate = self._open[1].pace.rate
        return min(MAX_CONCURRENT_CALLS, math.ceil(rate * self._latency * SPARE) + 1)

    def close(self) -> None:
        """Remember the calls of the day; no call goes out any more."""
        self._closed.set()
        if self._open is not None:
            budget = self._open[1].budget
            budget.save()
            if budget.save_error:
                self.tally.note(f"Later runs will not know of these calls: {budget.save_error}.")

    def _ask(self, request: Mapping[str, Any]) -> Page:
        boto, quota = self._opened()
        slot = self._take(quota)
        sent = time.monotonic()
        try:
            answer: Mapping[str, Any] = boto.list_opportunities(**request)
        except ClientError as error:
            if is_throttle(error):
                quota.pace.throttled(slot)
            raise
        page = _page(answer)
        took = time.monotonic() - sent
        self._latency = took if not self._latency else self._latency + (took - self._latency) / SMOOTHING
        quota.pace.answered()
        return page

    def _opened(self) -> tuple[PartnerCentralSellingAPIClient, Quota]:
        with self._lock:
            if self._open is None:
                boto = self._connect()
                boto.meta.events.register("before-parse.partnercentral-selling.*", _take_raw)
                self._open = boto, self._quota(boto)
            return self._open

    def _take(self, quota: Quota) -> Slot:
        """Take a call from the budgets, and wait for its slot."""
        with self._lock:
            if self._max_calls is not None and self._taken >= self._max_calls:
                raise CallBudgetExhausted(f"The {self._max_calls:,} calls this run was allowed (max_calls) are spent.")
            quota.budget.take()
            self._taken += 1
        with quota.pace.send_lock:
            slot = quota.pace.next_slot()
            self._wait(slot.pause)
            quota.pace.sent()
        self.tally.record_call(left=quota.budget.left)
        return slot

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self.tally.record_wait(seconds)
        if self._closed.wait(max(0.0, seconds)):
            raise ServiceUnavailable("The reading was stopped.")


def _take_raw(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    """Keep the body of a success aside and leave botocore an empty one to parse; so with errors that are no JSON."""
    succeeded = response_dict["status_code"] < 300  # noqa: PLR2004 - HTTP success
    if succeeded:
        customized_response_dict[RAW] = response_dict["body"]
        customized_response_dict[SERVED_AT] = response_dict["headers"].get("date")
    if succeeded or not _is_json_object(response_dict["body"]):
        response_dict["body"] = b"{}"


def _is_json_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def _page(answer: Mapping[str, Any]) -> Page:
    try:
        body = json.loads(answer[RAW], parse_int=whole_number, parse_float=fraction, object_pairs_hook=structure)
    except (ValueError, RecursionError) as error:
        raise _BadBody("the answer is cut off or no JSON") from error
    if isinstance(body, dict) and any(AGAIN in name for name in body):
        raise _BadBody("the answer holds a member more than once")
    if not isinstance(body, dict) or not isinstance(body.get("OpportunitySummaries", ...), list | None):
        raise _BadBody("the answer holds no OpportunitySummaries")
    if not isinstance(body.get("NextToken"), str | None):
        raise _BadBody("the answer holds a NextToken that is no text")
    return Page(body["OpportunitySummaries"] or [], body.get("NextToken") or None, _http_date(answer[SERVED_AT]))


def _http_date(value: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(value).astimezone(UTC) if value else None
    except ValueError:
        return None
