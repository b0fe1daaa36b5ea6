"""What an event does to the service."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta

from simulation.records import COMPANIES, MODELS, STAGES, Json, Opportunity
from simulation.schedule import Event
from simulation.service import Service

MOST_BAD = 4  # so many at once never hold the cursor
RECENT = timedelta(seconds=30)


@dataclass(slots=True)
class Effects:
    """What becomes of the call before which the events happen."""

    fault: bool = False
    bad_token: bool = False
    empty: bool = False
    stale: timedelta | None = None


def happen(service: Service, event: Event, effects: Effects) -> None:
    """Let an event happen."""
    if event.kind == "tick":
        service.clock += timedelta(seconds=event.amount)
    elif event.kind == "fault":
        effects.fault = True
    elif event.kind == "token":
        effects.bad_token = True
    elif event.kind == "empty":
        effects.empty = True
    elif event.kind == "stale":
        effects.stale = timedelta(seconds=event.amount)
    elif event.kind in {"vanish", "return", "return changed"}:
        _hide_or_show(service, event)
    elif event.kind not in {"step", "writer"}:
        _change(service, event)


def _hide_or_show(service: Service, event: Event) -> None:
    wanted = event.kind == "vanish"
    found = [one for one in service.opportunities() if one.visible == wanted]
    if not found:
        return
    one = found[event.which % len(found)]
    if event.kind == "vanish":
        service.vanish(one)
        return
    one.visible, one.visible_since = True, service.turn
    if event.kind == "return changed":
        _put(service, one, event, _changed(service, one, event))
    else:
        service.returned[one.key] = service.turn


def _change(service: Service, event: Event) -> None:
    if event.kind in {"change", "stage", "leave", "company", "same second", "appear"}:
        service.clock += timedelta(seconds=event.amount)
    if event.kind == "appear":
        service.appear(event.which, event.late)
        return
    found = [one for one in service.opportunities() if one.visible]
    bad = [one for one in service.opportunities() if is_bad(one)]
    if event.kind == "leave":
        found = [one for one in found if one.key in service.shown]
    if event.kind == "mend":
        found = [one for one in bad if one.visible]
    if not found or (event.kind == "bad" and len(bad) >= MOST_BAD):
        return
    one = found[event.which % len(found)]
    if event.kind == "many":
        for number in range(int(event.amount)):
            service.clock += timedelta(minutes=1)
            one = found[(event.which + 7 * number) % len(found)]
            _put(service, one, event, _changed(service, one, event, number))
        return
    _put(service, one, event, _changed(service, one, event))


def _put(service: Service, one: Opportunity, event: Event, record: Json) -> None:
    date = service.rounded(service.clock - timedelta(seconds=event.late))
    if event.kind == "future":
        date += timedelta(hours=event.amount)
    if event.kind == "same second" and one.now.modified > service.clock - RECENT:
        date = one.now.modified
    service.put(one, record, date)


def _changed(service: Service, one: Opportunity, event: Event, number: int = 0) -> Json:
    """The record with other content; changes of the same second go to and fro."""
    record = deepcopy(one.now.record)
    step = f"{event.which % 2} again" if event.kind == "same second" else f"step {service.turn} {number}"
    record["PartnerOpportunityIdentifier"] = record["LifeCycle"]["NextSteps"] = step
    if event.kind != "same second":
        _change_lists(record, service.turn + number)
    if event.kind == "stage":
        record["LifeCycle"]["Stage"] = STAGES[(event.which // 7) % len(STAGES)]
    if event.kind == "leave":
        record["LifeCycle"]["Stage"] = STAGES[STAGES.index(record["LifeCycle"]["Stage"]) - 1]
    if event.kind == "company":
        record["Customer"]["Account"]["CompanyName"] = COMPANIES[(event.which // 7) % len(COMPANIES)]
    if event.kind in {"bad", "mend"}:
        record["LifeCycle"]["TargetCloseDate"] = "some day" if event.kind == "bad" else "2026-10-31"
    return record


def _change_lists(record: Json, turn: int) -> None:
    record["Project"]["DeliveryModels"] = list(MODELS[: turn % 4])
    spend = {"Amount": f"{turn}.5", "CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "AWS"}
    record["Project"]["ExpectedCustomerSpend"] = [spend] * (turn % 3)


def is_bad(one: Opportunity) -> bool:
    """Whether a record cannot be a row now."""
    return bool(one.now.record["LifeCycle"]["TargetCloseDate"] == "some day")
