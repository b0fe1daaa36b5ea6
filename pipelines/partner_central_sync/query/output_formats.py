"""Rows on standard output: a table or Markdown for people; CSV or JSON for programs."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, TextIO

from .currency import with_money
from .terminal import print_table, print_vertical
from .values import escape_control, escape_control_in_lines, for_people, json_text, to_json, to_text

OutputFormat = Literal["table", "vertical", "csv", "csv-excel", "json", "markdown"]
FORMULA = re.compile(r"[=+\-@\t\r]")
QUOTE, TO_QUOTE = '"', re.compile(r'[",\r\n]')
BYTE_ORDER_MARK = "\ufeff"  # without it, Excel takes UTF-8 for another encoding


def print_rows(columns: Sequence[str], rows: Iterable[tuple[Any, ...]], form: OutputFormat) -> None:
    """Prints rows as they come. A table needs its widths first, so it ends after 1,000 rows, with a note.

    Null is an empty field, in a table the word null. Decimals keep every digit, timestamps are in UTC. For people,
    decimals and texts of amounts have groups of three digits. On a terminal, every format writes out what would move
    its cursor.
    """
    try:
        PRINTERS[form](columns, iter(rows), sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _csv(columns: Sequence[str], rows: Iterator[tuple[Any, ...]], out: TextIO) -> None:
    _write_csv(columns, rows, out, lambda value: "" if value is None else to_text(value))


def _csv_excel(columns: Sequence[str], rows: Iterator[tuple[Any, ...]], out: TextIO) -> None:
    """Writes CSV in which no text is a formula: it begins with an apostrophe where it could be one."""

    def show(value: object) -> str:
        text = "" if value is None else to_text(value)
        return f"'{text}" if isinstance(value, str) and FORMULA.match(text) else text

    out.write("" if out.isatty() else BYTE_ORDER_MARK)
    _write_csv(columns, rows, out, show)


def _write_csv(
    columns: Sequence[str], rows: Iterator[tuple[Any, ...]], out: TextIO, show: Callable[[object], str]
) -> None:
    """Writes lines that end in a line feed; Python's own writer leaves a carriage return without quotes then."""

    def line(values: Iterable[object]) -> str:
        texts = [escape_control_in_lines(show(value)) if out.isatty() else show(value) for value in values]
        quoted = [f'"{text.replace(QUOTE, QUOTE * 2)}"' if TO_QUOTE.search(text) else text for text in texts]
        return ",".join(quoted if quoted != [""] else [QUOTE * 2]) + "\n"

    out.write(line(columns))
    out.writelines(map(line, rows))


def _json(columns: Sequence[str], rows: Iterator[tuple[Any, ...]], out: TextIO) -> None:
    names = [json_text(name) for name in columns]
    separator = "["
    for row in rows:
        members = ", ".join(f"{name}: {to_json(value)}" for name, value in zip(names, row, strict=True))
        out.write(f"{separator}\n{{{members}}}")
        separator = ","
    out.write("[]\n" if separator == "[" else "\n]\n")


def _markdown(columns: Sequence[str], rows: Iterator[tuple[Any, ...]], out: TextIO) -> None:
    def line(values: Iterable[str]) -> str:
        escaped = (re.sub(r"([\\|`*<>\[\]])", r"\\\1", escape_control(value)) for value in values)
        return f"| {' | '.join(escaped)} |\n"

    out.write(line(columns))
    out.write(f"|{'---|' * len(columns)}\n")
    out.writelines(
        line("" if value is None else for_people(value) for value in with_money(columns, row)) for row in rows
    )


PRINTERS = {
    "table": print_table,
    "vertical": print_vertical,
    "csv": _csv,
    "csv-excel": _csv_excel,
    "json": _json,
    "markdown": _markdown,
}
