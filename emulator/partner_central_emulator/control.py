"""The control endpoint, for people and tests in other processes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from .data.records import Json
from .faults import KINDS, Fault
from .messages import Call, Reply

PREFIX = "/_control"

_MEMBERS = frozenset({"kind", "calls", "after", "seconds", "operation"})


class Controlled(Protocol):
    """The parts of an emulator that control needs."""

    calls: list[Call]
    faults: list[Fault]

    def advance(self, days: float) -> int:
        """Lets days pass; gives the number of events."""

    def truth(self, catalog: str = ..., *, stream: str = ...) -> list[Json]:
        """Returns every visible record of a stream."""

    def describe(self) -> Json:
        """Returns clock, settings and number of records."""


class Control:
    """Answers `/_control/...`: no signature, JSON in and out."""

    def __init__(self, emulator: Controlled) -> None:
        self._emulator = emulator
        self._routes: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
            ("GET", ""): lambda _: self._describe(),
            ("GET", "truth"): lambda given: emulator.truth(**given),
            ("GET", "calls"): lambda _: Counter(call.outcome for call in emulator.calls),
            ("POST", "advance"): lambda given: {"events": emulator.advance(float(given["days"]))},
            ("POST", "fault"): self._fault,
        }

    def answer(self, method: str, target: str, body: bytes) -> Reply:
        """Returns the reply to a request below `/_control`; 400 for a bad one, 404 for an unknown one."""
        address = urlsplit(target)
        route = self._routes.get((method, address.path.removeprefix(PREFIX).strip("/")))
        if route is None:
            return _json(404, {"error": f"no {method} {address.path}; GET {PREFIX}/ lists what there is"})
        try:
            given = {name: values[-1] for name, values in parse_qs(address.query).items()}
            given |= json.loads(body) if body else {}
            return _json(200, route(given))
        except (ArithmeticError, KeyError, TypeError, ValueError) as error:
            return _json(400, {"error": f"{type(error).__name__}: {error}"})

    def _describe(self) -> Json:
        routes = [f"{method} {PREFIX}/{name}" for method, name in self._routes]
        return {**self._emulator.describe(), "control": routes, "faults": sorted(KINDS)}

    def _fault(self, given: dict[str, Any]) -> Json:
        unknown = given.keys() - _MEMBERS
        if unknown:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
        numbers: dict[str, Any] = {name: int(given[name]) for name in ("calls", "after") if name in given}
        seconds, operation = float(given.get("seconds", 60)), given.get("operation")
        fault = Fault(given["kind"], **numbers, seconds=seconds, operation=operation)
        self._emulator.faults.append(fault)
        return {"faults": len(self._emulator.faults)}


def _json(status: int, content: object) -> Reply:
    return Reply(status, json.dumps(content, default=str).encode(), content_type="application/json")
