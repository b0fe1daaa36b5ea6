"""Answers calls: signature, faults, quota, validation by the service model, then the operation."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from botocore.model import OperationModel

from . import signature
from .data.catalog import Catalog
from .errors import ServiceError, invalid, invalid_field
from .faults import RANDOM_KINDS, Fault, applies, denial, error_of, take
from .messages import Call, Incoming, Parameters, Reply
from .operations import OPERATIONS
from .operations.operation import Answer, RecordPage
from .quota import Quota
from .service_model import field_errors, operation_of

log = logging.getLogger(__name__)

OnCall = Callable[[int, Parameters], Fault | None]


class Service:
    """Answers calls, and remembers them. Safe for threads.

    Attributes:
        calls: The calls so far, in the order of their answers.
        faults: What goes wrong with coming calls.
        denied: The operations that are refused, each with the reason; `None` if the policy lacks it.
        empty_tokens: The operations whose last page has an empty text as NextToken, not null.
        on_call: Called with the number of a call, from 1, and its parameters before its answer is computed;
            may return a fault for it. The parameters also have the name of the `operation`.
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
        self.denied: dict[str, str | None] = {}
        self.empty_tokens: set[str] = set()
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
        """Returns the reply to one HTTP request, even a bad one."""
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
        except Exception:  # a client gets an answer to every call; the log has the cause
            log.exception("The emulator failed to answer %s", operation)
            failure = ServiceError("InternalServerException", "The emulator failed; its log says why.")
            reply, outcome = _error_reply(failure), failure.code
        with self._lock:
            self.calls.append(Call(operation, request, outcome, at))
        return reply

    def _respond(self, model: OperationModel, request: dict[str, Any]) -> tuple[Reply, str]:
        with self._lock:
            self._number += 1
            number = self._number
        injected = self.on_call(number, Parameters(model.name, request)) if self.on_call is not None else None
        if self._latency:
            self.stopping.wait(self._latency)
        fault = self._fault(model.name, injected, carries_token=bool(request.get("NextToken")))
        if fault is None:
            return Reply(200, self._compute(model, request).body()), "ok"
        error = error_of(fault.kind)
        if error is not None:
            raise error
        return self._spoiled(fault, model, request), fault.kind

    def _fault(self, operation: str, injected: Fault | None, *, carries_token: bool) -> Fault | None:
        if injected is not None and applies(injected, carries_token=carries_token):
            return injected
        with self._lock:
            fault = take(self.faults, operation, carries_token=carries_token)
            if fault is None and self._fault_rate and self._rng.random() < self._fault_rate:
                fault = Fault(self._rng.choice(RANDOM_KINDS))
        return fault

    def _spoiled(self, fault: Fault, model: OperationModel, request: dict[str, Any]) -> Reply:
        match fault.kind:
            case "unavailable":
                html = b"<html><body><h1>503 Service Unavailable</h1></body></html>"
                return Reply(503, html, content_type="text/html")
            case "drop":
                return Reply(0, b"", wire="drop")
            case "hang":
                self.stopping.wait(fault.seconds)
                return Reply(0, b"", wire="drop")
        answer = self._compute(model, request)
        body = answer.body()
        match fault.kind:
            case "truncate":
                return Reply(200, body, wire="truncate")
            case "short_json":
                return Reply(200, body[: len(body) // 2])
            case _:
                page = replace(answer, token=request["NextToken"]) if isinstance(answer, RecordPage) else answer
                return Reply(200, page.body())

    def _compute(self, model: OperationModel, request: dict[str, Any]) -> Answer:
        self._quota.spend()
        if model.name in self.denied:
            raise denial(model.name, self.denied[model.name])
        if model.input_shape is not None and (errors := list(field_errors(model.input_shape, request))):
            raise invalid(errors)
        catalog = self._catalogs.get(request["Catalog"])
        if catalog is None:
            known = " or ".join(self._catalogs)
            raise invalid_field("Catalog", f"must be {known}", "INVALID_ENUM_VALUE")
        answer = OPERATIONS[model.name].answer(catalog, request)
        return self._last_page(model, answer) if isinstance(answer, RecordPage) else answer

    def _last_page(self, model: OperationModel, page: RecordPage) -> RecordPage:
        """Returns a page in the form in which the operation ends a list."""
        required = model.output_shape.required_members if model.output_shape is not None else ()
        if not page.records and page.member not in required:
            page = replace(page, is_null=True)
        return replace(page, token="") if page.token is None and model.name in self.empty_tokens else page


def _operation(target: str) -> OperationModel:
    model = operation_of(target)
    if model is None:
        raise ServiceError("UnknownOperationException", f"The service has no operation {target!r}.")
    if model.name not in OPERATIONS:
        offered = ", ".join(sorted(OPERATIONS))
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
