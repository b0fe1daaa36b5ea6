"""Bounds of dates: whichever way a service takes them, the probe finds it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from partner_central.public import service_model
from partner_central_sync.probe.evidence import Evidence, Reply, Seen, instant
from partner_central_sync.probe.questions import QUESTIONS
from partner_central_sync.probe.steps import DATES, LIST, Steps

RECORD = {
    "Id": "O1",
    "LastModifiedDate": "2026-05-03T08:00:01Z",
    "CreatedDate": "2026-05-01T08:00:00Z",
    "LifeCycle": {"TargetCloseDate": "2026-09-30"},
}
BOUNDS = [f"{side}{field}" for field in DATES for side in ("After", "Before")]


class Service:
    """A service with one opportunity, whose bounds are inclusive as told.

    Attributes:
        inclusive: names of the inclusive bounds.
        fraction: milliseconds that the date of the last change has and does not show.
        ignored: whether it lists nothing as soon as there is a bound.
    """

    def __init__(self, inclusive: set[str], fraction: str = "", *, ignored: bool = False) -> None:
        self.inclusive, self.fraction, self.ignored = inclusive, fraction, ignored
        self.left = 60

    def call(self, operation: str, request: Mapping[str, Any]) -> Reply:
        if operation != LIST:
            return Reply("denied", reason="AccessDeniedException")
        shown = all(self._holds(name, value) for field in DATES for name, value in request.get(field, {}).items())
        return Reply("answered", {"OpportunitySummaries": [RECORD] if shown else [], "NextToken": None})

    def _holds(self, name: str, value: Any) -> bool:
        if self.ignored:
            return False
        field = name.removeprefix("After").removeprefix("Before")
        if field == "TargetCloseDate":
            mine, bound = RECORD["LifeCycle"]["TargetCloseDate"], value  # type: ignore[index]
        else:
            text = str(RECORD[field])
            mine = instant(text.replace("Z", f"{self.fraction}Z") if field == "LastModifiedDate" else text)
            bound = value if isinstance(value, datetime) else instant(value)
        if mine == bound:
            return name in self.inclusive
        return mine > bound if name.startswith("After") else mine < bound


def probed(service: Service) -> dict[str, Seen]:
    evidence = Evidence()
    Steps(service, evidence, service_model(), (), wait=lambda _: None, show=lambda _: None).run(0)  # type: ignore[arg-type]
    return {one.key: one.decide(evidence) for one in QUESTIONS if one.decide}


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("others", [set(), set(BOUNDS)], ids=["exclusive", "inclusive"])
def test_each_bound_is_found_by_itself(bound: str, others: set[str]) -> None:
    inclusive = others ^ {bound}
    found = probed(Service(inclusive))
    assert {name for name in BOUNDS if found[f"bound_{name}"].details["inclusive"]} == inclusive


def test_only_an_exclusive_start_of_changes_contradicts() -> None:
    found = probed(Service(set()))
    verdicts = {name: found[f"bound_{name}"].verdict for name in BOUNDS}
    assert verdicts.pop("AfterLastModifiedDate") == "contradicts"
    assert set(verdicts.values()) == {"ok"}
    assert found["bound_AfterLastModifiedDate"].setting.startswith("lookback")


def test_a_filter_that_finds_nothing_tells_nothing() -> None:
    found = probed(Service(set(BOUNDS), ignored=True))
    assert {found[f"bound_{name}"].verdict for name in BOUNDS} == {"open"}


@pytest.mark.parametrize(("fraction", "is_hidden"), [("", False), (".600", True)])
def test_a_part_of_a_second_that_is_not_shown_is_found(fraction: str, is_hidden: bool) -> None:  # noqa: FBT001
    found = probed(Service(set(BOUNDS), fraction))
    assert found["hidden_fraction"].details == {"hidden": is_hidden}
