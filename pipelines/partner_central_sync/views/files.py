"""The SQL files of the views, and the comment that each begins with.

The comment has a question, a definition, pitfalls, and a line for each column:

    -- Which open deals have a target close date within 30 days?
    --
    -- Definition: one row per opportunity that is open and not gone.
    -- Pitfalls: now is the newest watermark, not the clock.
    --
    -- Columns:
    --   id [text]: The identifier that AWS gave the opportunity. Example: O1234567.

A description that continues on the next line is indented further. The word in brackets is the column's type, and a
description ends with an example.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

from .translation import names_read

SECTION = re.compile(r"^(Definition|Pitfalls): ", re.MULTILINE)
COLUMN = re.compile(r"^  (\w+) \[(\w+)\]: ", re.MULTILINE)


class Head(NamedTuple):
    """The comment at the head of a view's file.

    Attributes:
        question: what the view answers.
        definition: what a row is.
        pitfalls: what a reader must know.
        columns: the description of each column, by name.
        types: the type of each column in a word, by name.
    """

    question: str
    definition: str
    pitfalls: str
    columns: Mapping[str, str]
    types: Mapping[str, str]

    def comment(self) -> str:
        """Returns all but the columns, in paragraphs."""
        parts = (self.question, self.definition, self.pitfalls and f"Pitfalls: {self.pitfalls}")
        return "\n\n".join(filter(None, parts))


@cache
def head_of(text: str) -> Head:
    """Returns the head of a view's SQL; its parts are empty where it has none."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line[2:].removeprefix(" "))
    prose, _, columns = "\n".join(lines).partition("\nColumns:\n")
    question, *sections = SECTION.split(prose)
    described = COLUMN.split(columns)[1:]
    names, types, descriptions = described[::3], described[1::3], described[2::3]
    parts = {name: _one_line(content) for name, content in zip(sections[::2], sections[1::2], strict=True)}
    return Head(
        _one_line(question),
        parts.get("Definition", ""),
        parts.get("Pitfalls", ""),
        {name: _one_line(content) for name, content in zip(names, descriptions, strict=True)},
        dict(zip(names, types, strict=True)),
    )


@cache
def view_texts() -> Mapping[str, str]:
    """Returns the SQL of every view by name, each after the views it reads."""
    unordered = texts()
    needs = {name: sorted(names_read(text) & unordered.keys()) for name, text in unordered.items()}
    return {name: unordered[name] for name in TopologicalSorter(needs).static_order()}


@cache
def texts() -> Mapping[str, str]:
    """Returns the SQL of every view by name; unlike `view_texts`, without a parser."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder().glob("*.sql"))}


@cache
def tables_read() -> frozenset[str]:
    """Returns the tables that the views read."""
    found = view_texts()
    return frozenset[str]().union(*map(names_read, found.values())) - found.keys()


@cache
def folder() -> Path:
    """Returns the folder of the SQL files: inside the installed package, or next to it in a clone."""
    package = Path(__file__).parents[1]
    installed = package / "view_sql"
    return installed if installed.is_dir() else package.parent / "views"


def _one_line(text: str) -> str:
    return " ".join(text.split())
