"""Decisions on NextTokens: how long one is valid, how often, for which request, and what it remembers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Final

from .evidence import Evidence, Reply, Seen, untold, why_missing

Marks = Sequence[tuple[str, str]]

FEW = "There is no second page, so there is no token."
KINDS: Final = ("offset", "position", "snapshot")


def lifetime(evidence: Evidence) -> Seen:
    """Decides whether a token was still valid when it was used late."""
    if not evidence.reply("small first").token:
        return untold(FEW)
    late, age = evidence.reply("small 1"), round(evidence.token_age)
    details = {"seconds": age, "valid": late.is_answered}
    if late.is_answered:
        return Seen(f"A token was valid after {age} seconds.", details=details)
    if late.status == "invalid":
        text = f"A token was not valid any more after {age} seconds."
        return Seen(text, "contradicts", "none; a sync that a refused token ends begins again from its cursor", details)
    return why_missing(late)


def again(evidence: Evidence) -> Seen:
    """Decides whether a token can be used a second time, as a repeated call needs."""
    first, second = evidence.reply("small 1"), evidence.reply("small again")
    if not evidence.reply("small first").token:
        return untold(FEW)
    if second.is_answered:
        is_same = second.marks == first.marks
        return Seen(f"A second use gave {'the same page' if is_same else 'another page'}.", details={"same": is_same})
    if second.status == "invalid":
        return Seen("A second use is refused.", "contradicts", "none; a lost answer ends a run, which is run again")
    return why_missing(first, second)


def other_request(evidence: Evidence) -> Seen:
    """Decides whether a token is bound to its request."""
    reply = evidence.reply("other size")
    if not evidence.reply("small first").token:
        return untold(FEW)
    if reply.is_answered:
        return Seen("A token continues a request with another page size.", details={"accepted": True})
    if reply.status == "invalid":
        return Seen("A token is refused with another page size.", details={"accepted": False})
    return why_missing(reply)


def kind(evidence: Evidence) -> Seen:
    """Decides what a token remembers, from a change that happened between its first page and its late use."""
    if (reason := _why_untold(evidence)) is not None:
        return reason
    newest, before = evidence.reply("newest"), evidence.reply("before")
    left = set(KINDS)
    for first, pages in _listings(evidence):
        late = [mark for one in pages for mark in one.marks]
        left &= _candidates(newest.marks, before.marks, len(first.marks), late)
    details = {"kinds": sorted(left)}
    if not left:
        text = "A token is none of these: an offset, a position, a snapshot."
        return Seen(text, "contradicts", "none; report the file", details)
    if len(left) == len(KINDS):
        return Seen("What changed does not tell the kinds apart. Run the probe again.", "open", details=details)
    return Seen(f"A token is {_a(sorted(left))}.", details=details)


def _why_untold(evidence: Evidence) -> Seen | None:
    """Returns why the kind cannot be told; None if it may be."""
    newest, before, after = (evidence.reply(name) for name in ("newest", "before", "after"))
    if not evidence.reply("small first").token:
        return untold(FEW)
    if not evidence.answered("newest", "before", "small 1", "after"):
        return why_missing(newest, evidence.reply("small 1"), before, after)
    if before.marks != after.marks:
        return untold("Opportunities changed while the tokens were used. Run the probe again.")
    if newest.marks == before.marks:
        return untold("No opportunity changed by itself while the probe ran. Run it while people work in the catalog.")
    if any(first.marks != newest.marks[: len(first.marks)] for first, _ in _listings(evidence)):
        return untold("Opportunities changed while the probe began. Run it again.")
    return None


def _listings(evidence: Evidence) -> Iterator[tuple[Reply, list[Reply]]]:
    """Yields the first page of each listing with a token, and the pages that were read late."""
    small = [evidence.reply(f"small {number}") for number in _answered(evidence)]
    yield evidence.reply("small first"), small
    if evidence.answered("large first", "large 1"):
        yield evidence.reply("large first"), [evidence.reply("large 1")]


def _answered(evidence: Evidence) -> Iterator[int]:
    for number in count(1):
        if not evidence.reply(f"small {number}").is_answered:
            return
        yield number


def _candidates(then: Marks, now: Marks, size: int, seen: Marks) -> set[str]:
    """Returns the kinds of token that explain late pages.

    Args:
        then: the list as it was at the first page.
        now: the list as it is.
        size: records of the first page.
        seen: the records of the pages after it, read now.
    """
    expected = {"offset": now[size:], "snapshot": then[size:]}
    if (start := _behind(then[size - 1], now)) is not None:
        expected["position"] = now[start:]
    return {one for one in KINDS if one not in expected or _begins(seen, expected[one])}


def _behind(last: tuple[str, str], now: Marks) -> int | None:
    """Returns the place behind a record in the list as it is; None if it moved itself, so that ties hide it."""
    return now.index(last) + 1 if last in now else None


def _begins(seen: Marks, expected: Marks) -> bool:
    shared = min(len(seen), len(expected))
    return list(seen[:shared]) == list(expected[:shared])


def _a(kinds: Sequence[str]) -> str:
    return " or ".join(f"{'an' if one[0] in 'aeiou' else 'a'} {one}" for one in kinds)
