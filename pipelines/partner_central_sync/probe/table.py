"""The table of a probe: a line for each question in a file, wrapped cells on a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final

from .evidence import UNASKED
from .run import Result

COLUMNS: Final = ("verdict", "question", "seen", "assumed here", "what follows")
SHARES: Final = (0.24, 0.32, 0.24, 0.20)  # of the width, of all columns but the first
NARROWEST: Final = 90
NOT_ASKED: Final = "not asked"
ORDER: Final = ("contradicts", "ok", "open", NOT_ASKED)
SPACE: Final = "  "

Row = tuple[str, ...]


def rows(result: Result) -> list[Row]:
    """Returns a row for each question: what contradicts this project first, what was not asked last."""
    found: list[Row] = []
    for one in result.findings:
        question, seen = one.question, one.seen
        if seen is None:
            found.append((NOT_ASKED, question.text, f"{UNASKED}: {question.reason}.", question.assumed, ""))
        else:
            found.append((seen.verdict, question.text, seen.text, question.assumed, seen.setting))
    return sorted(found, key=lambda row: ORDER.index(row[0]))


def table(result: Result, width: int | None = None) -> Iterator[str]:
    """Yields the lines of the table.

    Args:
        result: of the probe.
        width: of the terminal; None for one line a row.
    """
    body = [COLUMNS, *rows(result)]
    if width is None:
        widths = [max(map(len, column)) for column in zip(*body, strict=True)]
    else:
        first = max(len(row[0]) for row in body)
        rest = max(width, NARROWEST) - first - len(SPACE) * len(SHARES)
        widths = [first, *(int(rest * share) for share in SHARES)]
    for number, row in enumerate(body):
        yield from _lines(row, widths)
        if number == 0:
            yield "─" * (sum(widths) + len(SPACE) * len(SHARES))
        elif width is not None:
            yield ""


def _lines(row: Row, widths: Sequence[int]) -> Iterator[str]:
    cells = [textwrap.wrap(text, width) or [""] for text, width in zip(row, widths, strict=True)]
    for texts in zip_longest(*cells, fillvalue=""):
        yield SPACE.join(f"{text:<{width}}" for text, width in zip(texts, widths, strict=True)).rstrip()
