"""One call: sent at the quota's pace, counted, and retried while its failure is temporary."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, ProxyConnectionError
from botocore.parsers import ResponseParserError

from ..errors import CallBudgetExhausted, CallLimitReached, ServiceUnavailable
from ..metrics import SyncMetrics
from .connection import MAX_CONCURRENT_CALLS
from .failures import is_throttle, is_transient, reason_of, to_source_error
from .quota import Quota
from .rate_limit import Slot, back_off
from .raw_json import Answer, BadBody, answer_of, keep_raw_body

if TYPE_CHECKING:
    from mypy_boto3_partnercentral_selling import PartnerCentralSellingAPIClient

ATTEMPTS = 8
FAILURES_BEFORE_TROUBLE = 2  # of one call, in a row
FEWEST_CONCURRENT_CALLS = 2
SPARE, IN_HAND, NEWEST_CALLS = 1.2, 0.5, 9  # IN_HAND: calls whose answers are taken in meanwhile
T = TypeVar("T")


class _Here(threading.local):
    """The call that a thread makes: its quota; its slot, once it has left; and when it did."""

    quota: Quota | None = None
    slot: Slot | None = None
    sent: float = 0.0

    def begin(self, quota: Quota) -> None:
        """A call is prepared."""
        self.quota, self.slot, self.sent = quota, None, time.monotonic()


class PartnerCentral:
    """Partner Central, called by any number of threads.

    Args:
        connect: returns the boto3 client; called once, at the first call.
        quota: returns the quota of the account; called once, with the boto3 client.
        attempts: how often one call is tried before the run fails.
        max_calls: calls of the run, of all its clients, after which to stop; None for as many as the day has left.
        metrics: where calls, throttles and waiting are counted.
        share_of_calls: the share of the day's calls, 0 to 1, that this client and others may take; the rest is kept.
        stop: set by `close`; all waiting is done on it.

    Attributes:
        is_hurried: whether the first failure of a call is its last.
    """

    def __init__(
        self,
        connect: Callable[[], PartnerCentralSellingAPIClient],
        quota: Callable[[PartnerCentralSellingAPIClient], Quota] = lambda _: Quota(),
        *,
        attempts: int = ATTEMPTS,
        max_calls: int | None = None,
        metrics: SyncMetrics | None = None,
        share_of_calls: float = 1.0,
        stop: threading.Event | None = None,
    ) -> None:
        self.metrics = metrics or SyncMetrics()
        self.is_hurried = False
        self._connect = connect
        self._quota = quota
        self._attempts = attempts
        self._max_calls = max_calls
        self._share = share_of_calls
        self._lock = threading.Lock()
        self._closed = stop or threading.Event()
        self._latencies: deque[float] = deque(maxlen=NEWEST_CALLS)
        self._open: tuple[PartnerCentralSellingAPIClient, Quota] | None = None
        self._here = _Here()

    def call(self, operation: str, request: Mapping[str, Any], parse: Callable[[Answer], T]) -> T:
        """Call an operation, and return what `parse` makes of its answer.

        Args:
            operation: such as `ListSolutions`.
            request: its parameters.
            parse: takes the raw answer; raises `BadBody` for one that is to be requested again.

        Raises:
            ConfigurationError: credentials or region are missing or wrong.
            RequestRejected: permission or validation.
            PaginationError: the token of a page is no longer accepted.
            CallBudgetExhausted: no call is left, of the day's or of this run's.
            ServiceUnavailable: a temporary failure outlasted the retries, or the client was closed meanwhile.
        """
        failures = 0
        while True:
            try:
                answer = self._call(operation, request, parse)
            except (ClientError, BotoCoreError, ResponseParserError, BadBody) as error:
                failures += 1
                boto = self._open[0] if self._open else None
                self.metrics.record_failure(throttled=is_throttle(error))
                passes = isinstance(error, BadBody) or is_throttle(error) or is_transient(error, boto)
                if not passes and not (isinstance(error, ProxyConnectionError) and self._latencies):  # it worked before
                    raise to_source_error(error, request, boto) from error
                if failures >= self._attempts or self.is_hurried:
                    raise ServiceUnavailable(
                        f"Partner Central did not answer {operation} in {failures} attempts; the last failure "
                        f"was: {error}. Run again later; nothing is lost."
                    ) from error
                # The rate limiter has reacted already: a call that is throttled once just takes the next slot.
                pause = back_off(failures - 1 if is_throttle(error) else failures)
                if failures >= FAILURES_BEFORE_TROUBLE:
                    attempt = f"attempt {failures + 1} of {self._attempts}, again in {pause:.0f} s"
                    self.metrics.record_trouble(f"{reason_of(error, boto)}, {attempt}")
                self._wait(pause)
            else:
                self.metrics.record_trouble(None)
                return answer

    def concurrency(self) -> int:
        """Returns how many calls in parallel make the rate the limit, not the latency; with some to spare.

        The latency is the service's: the middle one of the newest calls, without what this machine then makes of the
        answers. A slow machine is not helped by more calls in parallel, and cuts more partitions for them.
        """
        if self._open is None or not (latencies := sorted(self._latencies)):
            return 1
        rate, latency = self._open[1].pace.rate, latencies[(len(latencies) - 1) // 2]
        calls = math.ceil(rate * latency * SPARE + IN_HAND)
        return min(MAX_CONCURRENT_CALLS, max(FEWEST_CONCURRENT_CALLS, calls))

    def close(self) -> None:
        """Save the calls of the day; no call is sent any more."""
        self._closed.set()
        if self._open is not None:
            budget = self._open[1].budget
            budget.save()
            if budget.save_error:
                self.metrics.add_note(
                    f"The call count could not be saved ({budget.save_error}). Later runs may exceed the daily quota."
                )

    def _call(self, operation: str, request: Mapping[str, Any], parse: Callable[[Answer], T]) -> T:
        boto, quota = self._opened()
        self._reserve(quota)
        here = self._here
        here.begin(quota)
        try:
            answer: Mapping[str, Any] = getattr(boto, xform_name(operation))(**request)
        except ClientError as error:
            if is_throttle(error) and here.slot is not None:
                quota.pace.throttled(here.slot)
            raise
        finally:
            here.quota = None
            if here.slot is None:
                self.metrics.release_call()
        took = time.monotonic() - here.sent
        raw = answer_of(answer)
        self.metrics.record_answer(raw.served_at)
        parsed = parse(raw)
        self._latencies.append(took)
        quota.pace.answered()
        return parsed

    def _opened(self) -> tuple[PartnerCentralSellingAPIClient, Quota]:
        with self._lock:
            if self._open is None:
                boto = self._connect()
                boto.meta.events.register("before-parse.partnercentral-selling.*", keep_raw_body)
                boto.meta.events.register("before-send.partnercentral-selling.*", self._depart)
                self._open = boto, self._quota(boto)
            return self._open

    def _reserve(self, quota: Quota) -> None:
        """Take a call from the budgets, unless the reading was stopped."""
        if not self.metrics.reserve_call(self._max_calls):
            raise CallLimitReached(
                f"Stopped as told, after {self._max_calls:,} calls (max_calls). The next run continues from here."
            )
        try:
            self._wait(0)
            self._spend(quota)
        except BaseException:
            self.metrics.release_call()
            raise

    def _spend(self, quota: Quota) -> None:
        with self._lock:
            kept = quota.budget.kept(self._share)
            if kept and quota.budget.left <= kept:
                raise CallBudgetExhausted(
                    f"The last {kept:,} calls of 24 hours are kept for what is read first. Run again later."
                )
            quota.budget.take()

    def _depart(self, **_: object) -> None:
        """Waits for the slot of a call that is signed and about to leave.

        The time to prepare one differs, and is over here. So calls leave as evenly as a service without bursts wants.
        """
        here = self._here
        if (quota := here.quota) is None:
            return
        with quota.pace.send_lock:
            slot = quota.pace.next_slot()
            self._wait(slot.pause)
            quota.pace.sent()
        is_first = here.slot is None
        here.slot, here.sent = slot, time.monotonic()
        if is_first:
            self.metrics.record_call(left=quota.budget.left)

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self.metrics.record_wait(seconds)
        if self._closed.wait(max(0.0, seconds)):
            raise ServiceUnavailable("The reading was stopped.")
