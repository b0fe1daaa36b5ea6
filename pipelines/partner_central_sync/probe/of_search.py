"""Decisions on `SearchOpportunities`: whether it answers, how late it is, and what it leaves out."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

from .evidence import Evidence, Reply, Seen, Verdict, instant, untold, why_missing
from .steps import IDS_OF_A_FILTER, PAGE, SEARCH, SEARCH_PAGES

TRUSTED = PAGE * (SEARCH_PAGES - 1)
LOOKBACK_HOURS = 1
OFF = "tables, without opportunity_search_summaries"


def answers(evidence: Evidence) -> Seen:
    """Decides whether the search can be used."""
    reply = evidence.operations.get(SEARCH, Reply("not sent"))
    details = {"status": reply.status, "reason": reply.reason}
    match reply.status:
        case "answered":
            return Seen("It answers.", details=details)
        case "denied" | "refused" | "invalid":
            name = f" ({reply.reason})" if reply.reason else ""
            return Seen(f"It is {reply.status}{name}.", "ok", OFF, details)
        case _:
            return why_missing(reply)


def sandbox(evidence: Evidence) -> Seen:
    """Decides whether the Sandbox has the search."""
    if evidence.catalog != "Sandbox":
        return untold("The other catalog was probed. Run the probe with --catalog Sandbox.")
    return answers(evidence)


def lag(evidence: Evidence) -> Seen:
    """Decides how much later than the list the search shows a change."""
    listed, found = evidence.reply("newest"), evidence.reply("search newest")
    if not (listed.is_answered and found.is_answered):
        return why_missing(listed, found)
    dates = {str(one.get("Id")): instant(one.get("LastModifiedDate")) for one in found.records}
    shown = _reach(found)
    behind: list[datetime] = []
    for one in listed.records:
        at = instant(one.get("LastModifiedDate"))
        if at is None or (shown is not None and at < shown):
            continue  # its first page ends before this
        seen = dates.get(str(one.get("Id")))
        if seen is None or seen < at:
            behind.append(at)
    now = listed.served_at
    if not listed.records or now is None:
        return untold("There are no opportunities, or the answers have no Date header.")
    newest = max(filter(None, (instant(one.get("LastModifiedDate")) for one in listed.records)), default=now)
    if not behind:
        age = _seconds(now - newest)
        text = f"The search shows every change of its first page; the newest was {age:,} seconds old."
        return Seen(text, details={"behind": 0, "newest_is_seconds_old": age})
    age = _seconds(now - min(behind))
    details = {"behind": len(behind), "at_least_seconds": age}
    text = f"Changes that the search lacks: {len(behind)}, the oldest {age:,} seconds old."
    if age <= timedelta(hours=LOOKBACK_HOURS).total_seconds():
        return Seen(text, details=details)
    return Seen(text, "contradicts", f"lookback = {age} or more, and a daily sync --full", details)


def cap(evidence: Evidence) -> Seen:
    """Decides whether a listing of the search ends although there is more."""
    pages = [evidence.reply("search newest")]
    for number in count(2):
        if not (page := evidence.reply(f"search page {number}")).is_answered:
            break
        pages.append(page)
    oldest = evidence.reply("search oldest")
    if not pages[0].is_answered:
        return why_missing(pages[0])
    results = sum(len(one.records) for one in pages)
    details = {"results": results, "ended": pages[-1].token is None}
    if pages[-1].token is not None:
        return Seen(f"No cap up to {results:,} results; the probe reads no further.", details=details)
    if not oldest.is_answered:
        return why_missing(oldest)
    ends = {key for one in pages for key in one.ids}
    if all(key in ends for key in oldest.ids):
        return Seen(f"It ends with its last result, after {results:,}.", details=details | {"capped": False})
    verdict: Verdict = "ok" if results >= TRUSTED else "contradicts"
    return Seen(f"It ends after {results:,} results although there are more.", verdict, OFF, details | {"capped": True})


def only_there(evidence: Evidence) -> Seen:
    """Decides whether the search shows records that the list does not."""
    found, others = evidence.reply("search newest"), evidence.reply("search others")
    if not found.is_answered:
        return why_missing(found)
    if not found.records:
        return untold("The search finds nothing.")
    if "search others" not in evidence.replies:
        return Seen("Every record of its first page is in the list.", details={"only_in_search": 0})
    if not others.is_answered:
        return why_missing(others)
    listed = set(evidence.reply("newest").ids) | set(others.ids)
    asked = [key for key in found.ids if key and key not in evidence.reply("newest").ids][:IDS_OF_A_FILTER]
    missing = sum(key not in listed for key in asked)
    details = {"only_in_search": missing}
    if missing:
        return Seen(f"Records of its first page that are in the search only: {missing}.", details=details)
    return Seen("Every record of its first page is in the list.", details=details)


def _reach(found: Reply) -> datetime | None:
    """Returns the oldest change that the first page of the search shows; None if it shows none."""
    return min((at for one in found.records if (at := instant(one.get("LastModifiedDate")))), default=None)


def _seconds(age: timedelta) -> int:
    return max(0, round(age.total_seconds()))
