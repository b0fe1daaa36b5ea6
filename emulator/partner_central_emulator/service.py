"""What the service answers: who asks, what goes wrong on purpose, the quota, the request, the records."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from botocore.model import OperationModel

from . import signature
from .data.catalog import Catalog
from .errors import ServiceError, invalid, invalid_field
from .faults import RANDOM_KINDS, Fault, applies, error_of, take
from .operations import list_opportunities
from .quota import Quota
from .service_model import field_errors, operation_of

_log = logging.getLogger(__name__)

JSON_TYPE = "application/x-amz-json-1.0"
_OFFERED = ("GetOpportunity", "ListOpportunities")

OnCall = Callable[[int, dict[str, Any]], Fault | None]


@dataclass(frozen=True, slots=True)
class Call:
    """One call that reached the emulator.

    Attributes:
        operation: Such as ``ListOpportunities``; what the client named, if it is no operation.
        request: The parameters, as sent; empty if they could not be read.
        outcome: ``ok``, the code of the error answered, or the kind of a fault that is no error.
        at: When it arrived, in seconds of ``time.monotonic()``.
    """

    operation: str
    request: dict[str, Any]
    outcome: str
    at: float


@dataclass(frozen=True, slots=True)
class Incoming:
    """An HTTP request to the service."""

    method: str
    url: str
    headers: signature.Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP response, and what is done to it on the wire.

    ``drop`` sends nothing and closes; ``truncate`` sends half of what Content-Length promises and closes.
    """

    status: int
    body: bytes
    error: str | None = None
    content_type: str = JSON_TYPE
    wire: Literal["whole", "drop", "truncate"] = "whole"


class Service:
    """Answers calls, and remembers them. Safe for threads.

    Attributes:
        calls: The calls so far, in the order of their answers.
        faults: What goes wrong with coming calls.
        on_call: Called with the number of a call, from 1, and its parameters before its answer is computed;
            may return a fault for it.
        stopping: Set when waits have to end.
    """

    def __init__(
        self,
        catalogs: Mapping[str, Catalog],
        quota: Quota,
        *,
        latency: float,
        fault_rate: float,
        seed: int,
        secret: str | None,
    ) -> None:
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.on_call: OnCall | None = None
        self.stopping = threading.Event()
        self._catalogs = catalogs
        self._quota = quota
        self._latency = latency
        self._fault_rate = fault_rate
        self._rng = Random(seed)  # noqa: S311
        self._secret = secret
        self._lock = threading.Lock()
        self._number = 0

    def answer(self, incoming: Incoming) -> Reply:
        """The reply to one HTTP request; also to a bad one."""
        at = time.monotonic()
        operation = (incoming.headers.get("X-Amz-Target") or "").rpartition(".")[2]
        request: dict[str, Any] = {}
        try:
            signature.check(incoming.method, incoming.url, incoming.headers, incoming.body, self._secret)
            model = _operation(incoming.headers.get("X-Amz-Target") or "")
            request = _parameters(incoming.body)
            reply, outcome = self._respond(model, request)
        except ServiceError as error:
            reply, outcome = _error_reply(error), error.code
        except Exception:  # noqa: BLE001 - a client gets an answer whatever fails; the log has the cause
            _log.exception("The emulator failed to answer %s", operation)
            failure = ServiceError("InternalServerException", "The emulator failed; its log says why.")
            reply, outcome = _error_reply(failure), failure.code
        with self._lock:
            self.calls.append(Call(operation, request, outcome, at))
        return reply

    def _respond(self, model: OperationModel, request: dict[str, Any]) -> tuple[Reply, str]:
        with self._lock:
            self._number += 1
            number = self._number
        injected = self.on_call(number, request) if self.on_call is not None else None
        if self._latency:
            self.stopping.wait(self._latency)
        fault = self._fault(injected, carries_token=bool(request.get("NextToken")))
        if fault is None:
            return self._compute(model, request), "ok"
        error = error_of(fault.kind)
        if error is not None:
            raise error
        return self._spoiled(fault, model, request), fault.kind

    def _fault(self, injected: Fault | None, *, carries_token: bool) -> Fault | None:
        if injected is not None and applies(injected, carries_token=carries_token):
            return injected
        with self._lock:
            fault = take(self.faults, carries_token=carries_token)
            if fault is None and self._fault_rate and self._rng.random() < self._fault_rate:
                fault = Fault(self._rng.choice(RANDOM_KINDS))
        return fault

    def _spoiled(self, fault: Fault, model: OperationModel, request: dict[str, Any]) -> Reply:
        match fault.kind:
            case "unavailable":
                page = b"<html><body><h1>503 Service Unavailable</h1></body></html>"
                return Reply(503, page, content_type="text/html")
            case "drop":
                return Reply(0, b"", wire="drop")
            case "hang":
                self.stopping.wait(fault.seconds)
                return Reply(0, b"", wire="drop")
        whole = self._compute(model, request)
        match fault.kind:
            case "truncate":
                return Reply(200, whole.body, wire="truncate")
            case "short_json":
                return Reply(200, whole.body[: len(whole.body) // 2])
            case _:
                repeated = json.dumps(request["NextToken"]).encode()
                records = whole.body.partition(b',"OpportunitySummaries":')[2]
                return Reply(200, b'{"NextToken":%b,"OpportunitySummaries":%b' % (repeated, records))

    def _compute(self, model: OperationModel, request: dict[str, Any]) -> Reply:
        self._quota.spend()
        if model.input_shape is not None and (errors := list(field_errors(model.input_shape, request))):
            raise invalid(errors)
        catalog = self._catalogs.get(request["Catalog"])
        if catalog is None:
            known = " or ".join(self._catalogs)
            raise invalid_field("Catalog", f"must be {known}", "INVALID_ENUM_VALUE")
        if model.name == "GetOpportunity":
            return Reply(200, json.dumps(catalog.opportunity(request["Identifier"])).encode())
        records, token = catalog.page(list_opportunities.read(request))
        following = json.dumps(token).encode()
        return Reply(200, b'{"NextToken":%b,"OpportunitySummaries":[%b]}' % (following, b",".join(records)))


def _operation(target: str) -> OperationModel:
    model = operation_of(target)
    if model is None:
        raise ServiceError("UnknownOperationException", f"The service has no operation {target!r}.")
    if model.name not in _OFFERED:
        offered = " and ".join(_OFFERED)
        raise ServiceError("UnknownOperationException", f"This emulator offers {offered}, not {model.name}.")
    return model


def _parameters(body: bytes) -> dict[str, Any]:
    try:
        parameters = json.loads(body or b"{}")
    except ValueError:
        raise ServiceError("SerializationException", "The request's body is not JSON.") from None
    if not isinstance(parameters, dict):
        raise ServiceError("SerializationException", "The request's body has to be a JSON object.")
    return parameters


def _error_reply(error: ServiceError) -> Reply:
    return Reply(error.status, json.dumps(error.body).encode(), error=error.code)
