"""Decisions on dates: which bounds are inclusive, how fine dates are, and in which order records come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby, pairwise
from typing import Any

from .evidence import Evidence, Reply, Seen, digits, instant, untold, why_missing
from .steps import LIST

NONE = "There are no opportunities, so nothing can be told."
LOOKBACK = "lookback, which must be above 0"


def bound(name: str) -> Callable[[Evidence], Seen]:
    """Returns the decision on one bound of `ListOpportunities`, such as `AfterCreatedDate`."""
    return partial(_bound, name)


def _bound(name: str, evidence: Evidence) -> Seen:
    at, beyond = evidence.reply(f"{name} at"), evidence.reply(f"{name} beyond")
    if not (at.is_answered and beyond.is_answered):
        return why_missing(at, beyond)
    if not beyond.records:
        return untold("The record is not listed by a date beyond its own either, so the filter does not tell.")
    is_inclusive = bool(at.records)
    details = {"inclusive": is_inclusive}
    text = f"A record with the very date is {'' if is_inclusive else 'not '}listed."
    if name == "AfterLastModifiedDate" and not is_inclusive:
        return Seen(text, "contradicts", LOOKBACK, details)
    return Seen(text, details=details)


def search_bound(evidence: Evidence) -> Seen:
    """Decides whether the search finds a record by its very date."""
    reply = evidence.reply("search at")
    if not reply.is_answered:
        return why_missing(reply)
    if reply.records:
        return Seen("A record with the very date is found.", details={"inclusive": True})
    return Seen("A record with the very date is not found.", "contradicts", LOOKBACK, {"inclusive": False})


def fractions(evidence: Evidence) -> Seen:
    """Decides how many digits of a second timestamps have."""
    found = {
        operation: sorted(seen)
        for operation, reply in evidence.operations.items()
        if (seen := {number for one in _texts(reply.body) if (number := digits(one)) is not None})
    }
    if not found:
        return untold(NONE)
    forms = Counter(" or ".join(map(str, seen)) for seen in found.values())
    each = ", ".join(f"{form} in {count} operations" for form, count in sorted(forms.items()))
    return Seen(f"Digits of a second: {each}.", details={"digits": found})


def hidden_fraction(evidence: Evidence) -> Seen:
    """Decides whether a filter compares what the service does not show."""
    reply, dates = evidence.reply("hidden fraction"), evidence.reply("newest").records
    if reply.is_answered:
        text = "A millisecond above the shown date, the record is {}listed."
        return Seen(text.format("" if reply.records else "not "), details={"hidden": bool(reply.records)})
    if any(digits(one.get("LastModifiedDate")) for one in dates):
        return Seen("The service shows parts of a second.", details={"hidden": False})
    return untold(NONE) if not dates else why_missing(reply)


def order(operation: str) -> Callable[[Evidence], Seen]:
    """Returns the decision on the orders of an operation."""
    return partial(_order, operation)


def _order(operation: str, evidence: Evidence) -> Seen:
    prefix = "" if operation == LIST else "search "
    newest, oldest = evidence.reply(f"{prefix}newest"), evidence.reply(f"{prefix}oldest created")
    if not (newest.is_answered and oldest.is_answered):
        return why_missing(newest, oldest)
    if not newest.records:
        return untold(NONE)
    broken = [
        name
        for name, reply, descending in (("LastModifiedDate", newest, True), ("CreatedDate", oldest, False))
        if not _holds([one.get(name) for one in reply.records], descending=descending)
    ]
    undated = sum(not instant(one.get("CreatedDate")) for one in oldest.records)
    details = {"broken": broken, "without_created_date": undated}
    if broken or undated:
        text = f"{' and '.join(broken)} not in order." if broken else "Records without CreatedDate are listed."
        return Seen(text, "contradicts", "none; a first load is read one page after another", details)
    return Seen("Newest change first, and oldest CreatedDate first, are in order.", details=details)


def default_order(evidence: Evidence) -> Seen:
    """Decides how a listing without a wish is ordered, and how long its pages are."""
    default, newest = evidence.reply("default"), evidence.reply("newest")
    if not (default.is_answered and newest.is_answered):
        return why_missing(default, newest)
    if not default.records:
        return untold(NONE)
    size = len(default.records)
    is_same = default.ids == newest.ids[:size]
    more = " and more follow" if default.token else ", which are all"
    text = f"{'The newest change first' if is_same else 'Another order'}; {size} records{more}."
    return Seen(text, details={"newest_first": is_same, "records": size, "more": default.token is not None})


def ties(evidence: Evidence) -> Seen:
    """Decides in which order records of the same date come, and whether it stays."""
    found = {
        "LastModifiedDate descending": (evidence.reply("newest"), "LastModifiedDate"),
        "CreatedDate ascending": (evidence.reply("oldest created"), "CreatedDate"),
    }
    orders = {name: _tie_order(reply, date) for name, (reply, date) in found.items()}
    told = {name: one for name, one in orders.items() if one}
    if not told:
        return untold("No two of the records that were read have the same date.")
    steady = _is_steady(evidence.reply("newest"), evidence.reply("after"))
    stays = {True: " It stayed.", False: " It did not stay.", None: ""}[steady]
    each = "; ".join(f"{name}: {one}" for name, one in told.items())
    return Seen(f"{each}.{stays}", details={"ties": told, "steady": steady})


def _tie_order(reply: Reply, date: str) -> str:
    """Returns how keys of the same date are ordered; empty if no two records have the same date."""
    runs = [[str(one.get("Id")) for one in run] for _, run in groupby(reply.records, key=lambda one: one.get(date))]
    shared = [run for run in runs if len(run) > 1]
    if not shared:
        return ""
    if all(run == sorted(run) for run in shared):
        return "key ascending"
    return "key descending" if all(run == sorted(run, reverse=True) for run in shared) else "no order of keys"


def _is_steady(first: Reply, last: Reply) -> bool | None:
    """Returns whether unchanged records came in the same order twice; None if it was read once."""
    if not (first.is_answered and last.is_answered):
        return None
    both = set(first.marks) & set(last.marks)
    return [one for one in first.marks if one in both] == [one for one in last.marks if one in both]


def _holds(texts: Sequence[object], *, descending: bool) -> bool:
    """Returns whether dates are in order by whole seconds; a service may order them as text."""
    dates = [at.replace(microsecond=0) for at in map(instant, texts) if at is not None]
    ordered: Iterable[tuple[datetime, datetime]] = pairwise(reversed(dates) if descending else dates)
    return all(earlier <= later for earlier, later in ordered)


def _texts(value: Any) -> Iterable[str]:  # noqa: ANN401 - of JSON
    """Yields every text of an answer."""
    match value:
        case str():
            yield value
        case Mapping():
            for one in value.values():
                yield from _texts(one)
        case list():
            for one in value:
                yield from _texts(one)
