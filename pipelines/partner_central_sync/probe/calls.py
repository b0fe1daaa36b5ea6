"""One call of the probe: sent through the source's client, recorded, and never an error because AWS refused it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from partner_central.public import (
    Answer,
    BadBody,
    CallBudgetExhausted,
    CallLimitReached,
    PaginationError,
    PartnerCentral,
    PartnerCentralError,
    RecordNotFound,
    RequestInvalid,
    RequestRejected,
    ServiceUnavailable,
)

from .evidence import Attempt, Reply, Status

if TYPE_CHECKING:
    from mypy_boto3_partnercentral_selling import PartnerCentralSellingAPIClient

EVENTS: Final = "partnercentral-selling"
NAME: Final = re.compile(r"[A-Z][A-Z_]{2,80}")  # of a reason, as AWS writes it
CODE: Final = re.compile(r"[A-Za-z]{1,80}")
ACTION: Final = re.compile(r"partnercentral:[A-Za-z]{1,80}")


class Wire:
    """Records every attempt that a client makes: how long it took, and which error it met. No content is kept.

    Args:
        now: this machine's clock.
        clock: a monotonic clock, in seconds.
    """

    def __init__(
        self, now: Callable[[], datetime] = lambda: datetime.now(UTC), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.attempts: list[Attempt] = []
        self._now = now
        self._clock = clock
        self._sent = 0.0

    def watch(self, client: PartnerCentralSellingAPIClient) -> None:
        """Records what a client sends from now on, one call at a time."""
        client.meta.events.register(f"before-send.{EVENTS}.*", self._before_send)
        client.meta.events.register(f"response-received.{EVENTS}.*", self._received)

    def _before_send(self, **_: object) -> None:
        self._sent = self._clock()

    def _received(
        self,
        event_name: str,
        response_dict: Mapping[str, Any] | None,
        parsed_response: Mapping[str, Any] | None,
        **_: object,
    ) -> None:
        headers = (response_dict or {}).get("headers", {})
        error = (parsed_response or {}).get("Error", {})
        served_at = _http_date(headers.get("date"))
        found = ACTION.search(str(error.get("Message") or ""))
        self.attempts.append(
            Attempt(
                operation=event_name.rpartition(".")[2],
                sent=self._sent,
                took=self._clock() - self._sent,
                http_status=(response_dict or {}).get("status_code", 0),
                code=_matching(CODE, error.get("Code")),
                ahead=None if served_at is None else (served_at - self._now()).total_seconds(),
                has_retry_after="retry-after" in headers,
                action=found[0] if found else "",
            )
        )


class Caller:
    """Makes calls, and returns what came of each.

    A refusal is an answer to a question. What fails before Partner Central has said anything is an error.

    Args:
        client: paces, counts, retries, and stops at the limit of calls.
        catalog: `AWS` or `Sandbox`.
        limit: calls that may be made, retries included.
    """

    def __init__(self, client: PartnerCentral, catalog: str, limit: int) -> None:
        self._client = client
        self._catalog = catalog
        self._limit = limit
        self._heard = False

    @property
    def left(self) -> int:
        """Calls that may still be made."""
        return max(0, self._limit - self._client.metrics.calls)

    def call(self, operation: str, request: Mapping[str, Any]) -> Reply:
        """Calls an operation on the catalog.

        Raises:
            ConfigurationError: credentials or region are missing or wrong.
            ServiceUnavailable: the first call did not get through.
        """
        try:
            reply = self._client.call(operation, {"Catalog": self._catalog, **request}, _parse)
        except (RequestRejected, PaginationError) as error:
            reply = Reply(_status_of(error), reason=_reason_of(error))
        except (CallLimitReached, CallBudgetExhausted, ServiceUnavailable) as error:
            if not self._heard:
                raise
            return Reply("not sent" if isinstance(error, CallBudgetExhausted) else "failed")
        self._heard = True
        return reply


def _parse(answer: Answer) -> Reply:
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise BadBody("the answer is cut off or not JSON") from error
    if not isinstance(body, dict):
        raise BadBody("the answer is not a structure")
    return Reply("answered", body, served_at=answer.served_at)


def _status_of(error: PartnerCentralError) -> Status:
    match error:
        case RecordNotFound():
            return "not found"
        case RequestInvalid() | PaginationError():
            return "invalid"
        case _ if _code_of(error) == "AccessDeniedException":
            return "denied"
        case _:
            return "refused"


def _reason_of(error: PartnerCentralError) -> str:
    """Returns the name that AWS gives to the refusal, and nothing of its message, which may quote the request."""
    given = getattr(error, "reason", None)
    return _matching(NAME, given) or _code_of(error)


def _code_of(error: PartnerCentralError) -> str:
    cause = error.__cause__
    found = cause.response.get("Error", {}).get("Code") if isinstance(cause, ClientError) else None
    return _matching(CODE, found)


def _matching(pattern: re.Pattern[str], value: object) -> str:
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""


def _http_date(value: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(value).astimezone(UTC) if value else None
    except ValueError:
        return None
