"""Decisions on the service itself: what it permits, how fast it is, and the form of its answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from statistics import median
from typing import Any, Final

from .evidence import Attempt, Evidence, Seen, untold, why_missing
from .steps import LIST, OF_ONE, PAGE

SECOND: Final = 1.0
FAST: Final = 1.0  # seconds
CLOSE: Final = 60.0  # seconds between two clocks
REFUSALS: Final = ("denied", "refused", "invalid")
OK: Final = 200
MOST_NAMED: Final = 5


def permissions(evidence: Evidence) -> Seen:
    """Decides which operations the policy and the account allow."""
    details = {name: {"status": one.status, "reason": one.reason} for name, one in evidence.operations.items()}
    if not details:
        return untold("Nothing was asked.")
    details |= {name: {"status": "not sent", "reason": ""} for name in evidence.unasked}
    refused = {name: one for name, one in evidence.operations.items() if one.status in REFUSALS}
    silent = [name for name, one in evidence.operations.items() if one.status == "failed"]
    untried = "".join(
        f" {what}: {', '.join(names)}."
        for what, names in (("Not answered", silent), ("Not called, since no record has a key", evidence.unasked))
        if names
    )
    allowed = len(evidence.operations) - len(refused) - len(silent)
    if not refused:
        return Seen(f"{allowed} of {len(details)} are allowed, and none is refused.{untried}", details=details)
    each = ", ".join(f"{name} ({one.reason or one.status})" for name, one in refused.items())
    of_syncs = LIST not in refused
    text = f"{allowed} of {len(details)} are allowed. Not allowed: {each}.{untried}"
    follows = "tables, or the actions that partner-central policy prints" if set(refused) - set(OF_ONE) else ""
    return Seen(text, "ok" if of_syncs else "contradicts", follows, details)


def actions(evidence: Evidence) -> Seen:
    """Decides whether a denial names the action that this project would name."""
    denied = {one.operation: one.action for one in evidence.attempts if one.action}
    if not denied:
        return untold("No denial named an action.")
    other = {name: action for name, action in denied.items() if action != f"partnercentral:{name}"}
    details = {"actions": denied}
    if other:
        each = ", ".join(f"{name} needs {action}" for name, action in other.items())
        return Seen(f"{each}.", "contradicts", "the action in your policy, by hand", details)
    return Seen("Denials name partnercentral: and the operation.", details=details)


def latency(evidence: Evidence) -> Seen:
    """Decides how long an answer takes."""
    took = sorted(one.took for one in evidence.attempts if one.http_status == OK)
    if not took:
        return untold("There was no answer.")
    middle, longest = median(took), took[-1]
    text = f"{middle * 1000:,.0f} ms at the median of {len(took)} answers; the longest {longest * 1000:,.0f} ms."
    details = {"median_ms": round(middle * 1000), "longest_ms": round(longest * 1000), "answers": len(took)}
    if middle <= FAST:
        return Seen(text, details=details)
    return Seen(text, "contradicts", "read_timeout, if answers take longer than it", details)


def throttles(evidence: Evidence) -> Seen:
    """Decides how a throttle looks, if one came by itself."""
    if not evidence.attempts:
        return untold("No call was sent.")
    sent = [one for one in evidence.attempts if one.sent]
    busiest = max((_within(sent, one) for one in sent), default=0)
    found = [one for one in evidence.attempts if "Throttl" in one.code or "TooMany" in one.code]
    details: dict[str, Any] = {"throttles": len(found), "calls": len(evidence.attempts), "busiest_second": busiest}
    if not found:
        text = f"None of {len(evidence.attempts)} calls was throttled, {busiest} of them within a second."
        return Seen(text, details=details)
    first = found[0]
    waits = "with" if any(one.has_retry_after for one in found) else "without"
    codes = sorted({f"HTTP {one.http_status} {one.code}" for one in found})
    details |= {"forms": codes, "retry_after": waits == "with", "calls_in_the_second_before": _within(sent, first)}
    text = (
        f"{len(found)} of {len(evidence.attempts)} calls: {', '.join(codes)}, {waits} Retry-After; the first was "
        f"number {_within(sent, first)} within a second."
    )
    return Seen(text, "contradicts", "calls_per_second, below the rate that is allowed", details)


def _within(sent: Sequence[Attempt], one: Attempt) -> int:
    """Returns how many calls were sent within the second that ends with one."""
    return sum(one.sent - SECOND < other.sent <= one.sent for other in sent)


def clock(evidence: Evidence) -> Seen:
    """Decides how far this machine's clock is from the service's."""
    ahead = [one.ahead for one in evidence.attempts if one.ahead is not None]
    if not evidence.attempts:
        return untold("There was no answer.")
    if len(ahead) < sum(one.http_status == OK for one in evidence.attempts):
        return Seen("Answers come without a Date header.", "contradicts", "none; report the file", {"date": False})
    apart = round(median(ahead))
    details = {"date": True, "service_is_ahead_s": apart}
    text = f"The service's clock is {abs(apart):,} s {'ahead of' if apart >= 0 else 'behind'} this machine's."
    if abs(apart) <= CLOSE:
        return Seen(text, details=details)
    return Seen(text, "contradicts", "none; correct the clock of this machine", details)


def page_size(evidence: Evidence) -> Seen:
    """Decides whether the largest pages are given, and are full."""
    refused = evidence.too_large
    newest = evidence.reply("newest")
    if not newest.is_answered:
        return why_missing(newest)
    count, more = len(newest.records), newest.token is not None
    details = {"records": count, "more": more, "refused": refused}
    if refused:
        text = f"The largest page is refused by {', '.join(refused)}."
        return Seen(text, "contradicts", "tables, without what is refused", details)
    if not more:
        return Seen("Pages of the largest size are taken; one was enough for all opportunities.", details=details)
    return Seen(f"Pages of the largest size are taken; one of {PAGE} had {count} records.", details=details)


def members(evidence: Evidence) -> Seen:
    """Decides whether answers have the members that the service model requires, and others."""
    found = {name: one for name, one in evidence.operations.items() if one.is_answered}
    if not found:
        return untold("There was no answer.")
    missing = sorted(
        f"{name}.{path}"
        for name, reply in found.items()
        for path in evidence.required.get(name, ())
        if any(_lacks(reply.body, path.split(".")))
    )
    unknown = sum(_unknown(reply.body, evidence.known.get(name, ())) for name, reply in found.items())
    details = {"missing": missing, "unknown": unknown}
    others = f" {unknown} members are not in the service model." if unknown else ""
    if not missing:
        return Seen(f"No required member is missing or null.{others}", details=details)
    named = ", ".join(missing[:MOST_NAMED]) + (" and others" if len(missing) > MOST_NAMED else "")
    return Seen(f"Missing or null: {named}.{others}", "contradicts", "most_rejected; report the file", details)


def _lacks(value: Any, path: Sequence[str]) -> Iterator[bool]:  # noqa: ANN401 - of JSON
    """Yields for each place of a required member whether it is empty there; a structure that is null has none."""
    match value:
        case list():
            for one in value:
                yield from _lacks(one, path)
        case Mapping() if len(path) == 1:
            yield value.get(path[0]) is None
        case Mapping():
            yield from _lacks(value.get(path[0]), path[1:])


def _unknown(body: Mapping[str, Any], known: Collection[str]) -> int:
    """Returns how many members of structures of the service model it does not know; keys of maps are not members."""
    structures = {path.rpartition(".")[0] for path in known}
    return sum(path.rpartition(".")[0] in structures for path in set(_paths(body)) - set(known))


def _paths(value: Any, prefix: str = "") -> Iterator[str]:  # noqa: ANN401 - of JSON
    """Yields the path of every member of an answer."""
    match value:
        case list():
            for one in value:
                yield from _paths(one, prefix)
        case Mapping():
            for name, one in value.items():
                yield f"{prefix}{name}"
                yield from _paths(one, f"{prefix}{name}.")


def absent_values(evidence: Evidence) -> Seen:
    """Decides whether what a record does not have is null, or is left out."""
    lists = (reply for name, reply in evidence.operations.items() if name not in OF_ONE and not name.startswith("Get"))
    records = [one for reply in lists for one in reply.records]
    if not records:
        return untold("There are no records.")
    nulls = sum(one is None for record in records for one in record.values())
    shapes = {frozenset(record) for record in evidence.reply("newest").records}
    left_out = len(shapes) > 1
    text = f"{nulls:,} members of {len(records):,} records are null; records have {'not ' if left_out else ''}all the "
    return Seen(f"{text}same members.", details={"nulls": nulls, "left_out": left_out})


def last_token(evidence: Evidence) -> Seen:
    """Decides how the end of a list looks."""
    forms: dict[str, list[str]] = {}
    for name, reply in evidence.operations.items():
        if reply.is_answered and reply.token is None and name not in OF_ONE and not name.startswith("Get"):
            form = "absent" if "NextToken" not in reply.body else "null"
            forms.setdefault("empty text" if reply.body.get("NextToken") == "" else form, []).append(name)
    if not forms:
        return untold("No list ended with its first page.")
    text = "; ".join(f"{form}: {len(names)}" for form, names in sorted(forms.items()))
    return Seen(f"NextToken of the last page, lists by form: {text}.", details={"forms": forms})


def draft_summary(evidence: Evidence) -> Seen:
    """Decides whether AWS has a summary of an opportunity that was not submitted."""
    reply = evidence.reply("draft summary")
    if "draft summary" not in evidence.replies:
        return untold("No draft was among the newest opportunities, or summaries are not allowed.")
    if reply.status == "not found":
        return Seen("A draft has no summary.", details={"found": False})
    if not reply.is_answered:
        return why_missing(reply)
    is_blank = not (reply.body.get("InvolvementType") or reply.body.get("Visibility"))
    text = f"A draft has a summary, {'without' if is_blank else 'with'} involvement and visibility."
    return Seen(text, details={"found": True, "blank": is_blank})
