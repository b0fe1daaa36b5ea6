"""Rows on standard output: a table for people, CSV, JSON or Markdown for programs and documents."""

from __future__ import annotations

import csv
import json
import math
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any, Literal, TextIO

OutputFormat = Literal["table", "csv", "json", "markdown"]
ROWS_OF_A_TABLE = 1000
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def print_rows(columns: Sequence[str], rows: Iterable[tuple[Any, ...]], form: OutputFormat) -> None:
    """Prints rows as they come. A table needs its widths first, so it ends after `ROWS_OF_A_TABLE`, with a note.

    Null is an empty field, in a table the word null. Decimals keep every digit, timestamps are in UTC.
    """
    try:
        PRINTERS[form](columns, iter(rows), sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _table(columns: Sequence[str], rows: Iterator[tuple[Any, ...]], out: TextIO) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = list(islice(rows, ROWS_OF_A_TABLE))
    table = Table(box=box.SIMPLE_HEAD)
    for place, name in enumerate(columns):
        numbers = any(isinstance(row[place], int | float | Decimal) for row in shown)
        table.add_column(Text(escape_control(name)), justify="right" if numbers else "left", overflow="fold")
    for row in shown:
        table.add_row(
            *(Text("null", "dim") if value is None else Text(escape_control(to_text(value))) for value in row)
        )
    console = Console(file=out, highlight=False, width=None if out.isatty() else 100_000)
    console.print(table, soft_wrap=not out.isatty())
    more = next(rows, None) is not None
    rows_or_row = "row" if len(shown) == 1 else "rows"
    counted = f"The first {len(shown):,} rows; --format csv gives all." if more else f"{len(shown):,} {rows_or_row}"
    print(counted, file=sys.stderr)  # noqa: T201


def _csv(columns: Sequence[str], rows: Iterator[tuple[Any, ...]], out: TextIO) -> None:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(["" if value is None else to_text(value) for value in row] for row in rows)


def _json(columns: Sequence[str], rows: Iterator[tuple[Any, ...]], out: TextIO) -> None:
    names = [json.dumps(name, ensure_ascii=False) for name in columns]
    separator = "["
    for row in rows:
        members = ", ".join(f"{name}: {_literal(value)}" for name, value in zip(names, row, strict=True))
        out.write(f"{separator}\n{{{members}}}")
        separator = ","
    out.write("[]\n" if separator == "[" else "\n]\n")


def _markdown(columns: Sequence[str], rows: Iterator[tuple[Any, ...]], out: TextIO) -> None:
    def line(values: Iterable[str]) -> str:
        escaped = (re.sub(r"([\\|`*<>\[\]])", r"\\\1", escape_control(value)) for value in values)
        return f"| {' | '.join(escaped)} |\n"

    out.write(line(columns))
    out.write(f"|{'---|' * len(columns)}\n")
    out.writelines(line("" if value is None else to_text(value) for value in row) for row in rows)


PRINTERS = {"table": _table, "csv": _csv, "json": _json, "markdown": _markdown}


def to_text(value: object) -> str:
    """Returns a value that is not null as text: every digit, timestamps in UTC, structures as JSON."""
    match value:
        case bool():
            text = "true" if value else "false"
        case Decimal():
            text = f"{value:f}"
        case datetime():
            text = _utc(value).isoformat(" ") + (" UTC" if value.tzinfo else "")
        case date() | time():
            text = value.isoformat()
        case bytes() | bytearray() | memoryview():
            text = "\\x" + bytes(value).hex()
        case list() | tuple() | dict():
            text = _literal(value)
        case _:
            text = str(value)
    return text


def escape_control(text: str) -> str:
    """Text in which what moves a cursor or breaks a line is written out."""
    return UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _literal(value: object) -> str:
    """A value as JSON; a decimal is a number of as many digits as it has."""
    match value:
        case None:
            text = "null"
        case bool() | int():
            text = json.dumps(value)
        case Decimal() | float():
            number = f"{value:f}" if isinstance(value, Decimal) else repr(value)
            text = number if math.isfinite(value) else "null"
        case datetime():
            text = json.dumps(_utc(value).isoformat() + ("Z" if value.tzinfo else ""))
        case list() | tuple():
            text = f"[{', '.join(map(_literal, value))}]"
        case dict():
            text = f"{{{', '.join(f'{_literal(str(name))}: {_literal(one)}' for name, one in value.items())}}}"
        case _:
            text = json.dumps(value if isinstance(value, str) else to_text(value), ensure_ascii=False)
    return text


def _utc(timestamp: datetime) -> datetime:
    """Returns a timestamp in UTC, or one without a zone as it is."""
    return timestamp.astimezone(UTC).replace(tzinfo=None) if timestamp.tzinfo else timestamp
