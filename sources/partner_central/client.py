"""One call: ask for a page, take the raw JSON, retry what passes, name what does not.

The raw JSON is taken before botocore parses it: botocore drops members its model does not know, and spends most of
its time on timestamps.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from .errors import Unavailable
from .pacing import Pace
from .refusals import explain, is_throttle, is_transient
from .tally import Tally

if TYPE_CHECKING:
    from mypy_boto3_partnercentral_selling import PartnerCentralSellingAPIClient

ATTEMPTS = 8
LONGEST_NUMBER = 1000
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
    """Partner Central, asked one page at a time.

    Args:
        connect: gives the boto3 client; called once, at the first call.
        attempts: how often one page is asked for before the run gives up.
        pace: how fast to ask.
        tally: where calls, throttles and waiting are counted.
    """

    def __init__(
        self,
        connect: Callable[[], PartnerCentralSellingAPIClient],
        *,
        attempts: int = ATTEMPTS,
        pace: Pace | None = None,
        tally: Tally | None = None,
    ) -> None:
        self._connect = connect
        self._attempts = attempts
        self._pace = pace or Pace()
        self.tally = tally or Tally()
        self._boto: PartnerCentralSellingAPIClient | None = None

    def list_opportunities(self, request: Mapping[str, Any]) -> Page:
        """One page of `ListOpportunities`.

        Raises:
            ConfigurationError: credentials or region are missing or wrong.
            Refused: permission or validation.
            BrokenListing: the token of a page is no longer accepted.
            Unavailable: a passing failure outlasted the retries.
        """
        failures = 0
        while True:
            try:
                return self._ask(request)
            except (ClientError, BotoCoreError, ResponseParserError, _BadBody) as error:
                failures += 1
                throttled = is_throttle(error)
                self.tally.failed(throttled=throttled)
                if throttled:
                    self._pace.throttled()
                elif not (isinstance(error, _BadBody) or is_transient(error, self._boto)):
                    raise explain(error, request, self._boto) from error
                if failures >= self._attempts:
                    raise Unavailable(
                        f"Partner Central did not answer ListOpportunities in {failures} attempts; the last failure "
                        f"was: {error}. Run again later; nothing is lost."
                    ) from error
                self._pace.back_off(failures)
                self.tally.waited = self._pace.waited

    def _ask(self, request: Mapping[str, Any]) -> Page:
        if self._boto is None:
            self._boto = self._connect()
            self._boto.meta.events.register("before-parse.partnercentral-selling.*", _take_raw)
        self._pace.wait_for_turn()
        self.tally.called(waited=self._pace.waited)
        answer: Mapping[str, Any] = self._boto.list_opportunities(**request)
        page = _page(answer)
        self._pace.answered()
        return page


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


def _whole_number(digits: str) -> int | str:
    """A JSON integer; one so long that Python will not read it stays text."""
    return int(digits) if len(digits) < LONGEST_NUMBER else digits


def _page(answer: Mapping[str, Any]) -> Page:
    try:
        body = json.loads(answer[RAW], parse_int=_whole_number)
    except (ValueError, RecursionError) as error:
        raise _BadBody("the answer is cut off or no JSON") from error
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
