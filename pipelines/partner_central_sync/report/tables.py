"""Tables that a button in each head sorts, with a note on rows that are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from ..query.currency import group_digits
from .html import Html, join, tag

Cell = Callable[[Mapping[str, Any]], str | None]
NOTHING = "\N{EN DASH}"
PRINTED = 30  # rows on paper; the stylesheet hides the others there


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        head: what it is called.
        key: the column of the rows it shows, and is sorted by.
        text: how a row's cell is written, if not as the value itself.
        sentences: whether people write it, so that it needs room for several words in a line.
    """

    head: str
    key: str
    text: Cell | None = None
    sentences: bool = False


def table(
    caption: str,
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, Any]],
    total: int | None = None,
    *,
    sort: bool = True,
) -> Html:
    """A table with its caption; `total` is how many rows there are in all, if not all are here.

    One that is not to be sorted belongs to a figure, which has its caption.
    """
    if not rows:
        return tag("p", f"{caption}: none.", class_="none")
    numeric = {column.key: any(_is_number(row[column.key]) for row in rows) for column in columns}
    heads = [
        tag(
            "th",
            tag("button", column.head, type="button") if sort else column.head,
            scope="col",
            class_="number" if numeric[column.key] else None,
        )
        for column in columns
    ]
    body = [tag("tr", *(_cell(column, row, number=numeric[column.key]) for column in columns)) for row in rows]
    count = total or len(rows)
    more = count - len(rows)
    cut = sort and len(rows) > PRINTED
    parts = [tag("thead", tag("tr", *heads)), tag("tbody", *body)]
    return join(
        tag("h3", caption) if sort else None,
        tag(
            "div",
            tag("table", *parts, class_="sortable" if sort else None, aria_label=caption),
            class_="scroll",
            tabindex=0,
            role="region",
            aria_label=f"{caption}, to scroll",
        ),
        tag("p", f"and {more:,} more", class_="more screen" if cut else "more") if more > 0 else None,
        tag("p", f"and {count - PRINTED:,} more", class_="more paper") if cut else None,
    )


def _cell(column: Column, row: Mapping[str, Any], *, number: bool) -> Html:
    value = row[column.key]
    text = column.text(row) if column.text else format_value(value)
    kind = "number" if number else "date" if isinstance(value, date) else "sentences" if column.sentences else None
    return tag(
        "td",
        text or tag("span", NOTHING, aria_label="none"),
        dir_=None if isinstance(text, Html) or number else "auto",
        class_=kind,
        data_sort=None if column.text is None and isinstance(value, str) else _sortable(value),
    )


def format_value(value: object) -> str:
    """A value as a person reads it."""
    match value:
        case None:
            text = ""
        case datetime():
            text = f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"
        case int() | Decimal():
            text = group_digits(value)
        case _:
            text = str(value)
    return text


def _sortable(value: object) -> str:
    """Returns the key that a cell is sorted by: numbers as they are, timestamps and dates in their order."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else "" if value is None else str(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool | date)


def figure(title: str, chart: Html | None, summary: str, numbers: Html) -> Html:
    """A chart with what it shows in words, and its numbers to unfold."""
    return tag(
        "figure",
        tag("h3", title),
        chart,
        tag("figcaption", summary),
        tag("details", tag("summary", "Numbers"), numbers),
    )


def join_counts(counts: Iterable[tuple[str, Any]]) -> str:
    """Names, each with its count, as a part of a sentence."""
    return ", ".join(f"{name} {format_value(count)}" for name, count in counts)
