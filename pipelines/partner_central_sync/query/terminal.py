"""Rows for people: a table, or a block of lines for each row where a table would be wider than the terminal.

Nothing is folded: many rows that are too wide are shown by a pager, which scrolls sideways.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from itertools import islice
from typing import IO, Any

from .currency import with_money
from .values import escape_control, for_people

MOST_ROWS = 1000
FEW_ROWS = 20  # of blocks, which one can still look through
PAGER = "less -S"
NULL, SPACE = "null", "   "

Rows = Iterator[tuple[Any, ...]]


def print_table(columns: Sequence[str], rows: Rows, out: IO[str]) -> None:
    """Prints the first rows as a table; on a terminal that is too narrow for it, as blocks or through a pager."""
    shown, counted = _first(rows)
    lines = table(columns, shown)
    if not out.isatty() or max(map(len, lines)) <= shutil.get_terminal_size().columns:
        _write(lines, out)
    elif len(shown) <= FEW_ROWS:
        _write(vertical(columns, shown), out)
    else:
        _page(lines, out)
    print(counted, file=sys.stderr)  # noqa: T201


def print_vertical(columns: Sequence[str], rows: Rows, out: IO[str]) -> None:
    """Prints the first rows as blocks, with a line for each column."""
    shown, counted = _first(rows)
    _write(vertical(columns, shown), out)
    print(counted, file=sys.stderr)  # noqa: T201


def table(columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """Returns the lines of a table; columns with a number are to the right."""
    cells = [[_cell(value) for value in with_money(columns, row)] for row in rows]
    head = [escape_control(name) for name in columns]
    widths = [max(map(_width, column)) for column in zip(head, *cells, strict=True)]
    right = [any(isinstance(value, int | float | Decimal) for value in column) for column in zip(*rows, strict=True)]
    right = right or [False] * len(head)

    def line(texts: Sequence[str]) -> str:
        padded = []
        for text, width, is_right in zip(texts, widths, right, strict=True):
            space = " " * (width - _width(text))
            padded.append(f"{space}{text}" if is_right else f"{text}{space}")
        return f"  {SPACE.join(padded)}".rstrip()

    rule = "─" * (sum(widths) + len(SPACE) * (len(widths) - 1) + 2)
    return ["", line(head), f" {rule}", *map(line, cells), ""]


def vertical(columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """Returns a block of lines for each row: its number, then name and value of each column."""
    head = [escape_control(name) for name in columns]
    width = max(map(_width, head), default=0)
    lines = []
    for number, row in enumerate(rows, 1):
        lines.append(f"─── row {number:,} ".ljust(width + 2, "─"))
        lines += [
            f"{name}{' ' * (width - _width(name))}  {_cell(value)}"
            for name, value in zip(head, with_money(columns, row), strict=True)
        ]
    return lines


def _first(rows: Rows) -> tuple[list[tuple[Any, ...]], str]:
    """Returns the rows to show, and a sentence on how many there are."""
    shown = list(islice(rows, MOST_ROWS))
    if next(rows, None) is not None:
        return shown, f"The first {len(shown):,} rows; --format csv gives all."
    return shown, f"{len(shown):,} {'row' if len(shown) == 1 else 'rows'}"


def _cell(value: object) -> str:
    return NULL if value is None else escape_control(for_people(value))


def _width(text: str) -> int:
    """Returns how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _write(lines: Sequence[str], out: IO[str]) -> None:
    out.writelines(f"{line}\n" for line in lines)


def _page(lines: Sequence[str], out: IO[str]) -> None:
    """Shows lines through $PAGER, or `less`; without one, as they are."""
    command = shlex.split(os.environ.get("PAGER") or PAGER)
    environment = {"LESS": "-S", **os.environ}
    try:
        pager = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, encoding="utf-8", env=environment)  # noqa: S603 - the user's
    except OSError:
        _write(lines, out)
        return
    with suppress(BrokenPipeError), pager:
        assert pager.stdin is not None  # noqa: S101 - it is a pipe
        _write(lines, pager.stdin)
