"""Tables and paragraphs in Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

WIDTH = 120


def table(header: tuple[str, ...], rows: Iterable[Iterable[str]]) -> str:
    """Returns a table; a bar within a cell is escaped."""
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def wrapped(text: str) -> str:
    """Returns paragraphs with lines of the repository's width."""
    return "\n\n".join(
        textwrap.fill(paragraph, WIDTH, break_on_hyphens=False, break_long_words=False)
        for paragraph in text.split("\n\n")
    )
