"""Rows as the destination has them become columns of the page: whole numbers, texts, and amounts in hundredths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ..query.currency import spend_of_version
from .currency import ABOUT
from .fields import Field

Columns = dict[str, list[Any]]
Spends = list[tuple[str, int]]


def to_columns(fields: Sequence[Field], rows: Sequence[tuple[Any, ...]], days: int) -> Columns:
    """Returns the columns of rows.

    Args:
        fields: of the rows.
        rows: as the destination has them.
        days: from the day 0 of the page to that of the rows.
    """
    found: Columns = {}
    for one, values in zip(fields, zip(*rows, strict=True), strict=True):
        wanted = str if one.kind in {"text", "name", "names"} else int
        if one.kind == "money":
            found[one.name] = [None if value is None else hundredths(value) for value in values]
        elif {*map(type, values)} - {wanted, type(None)}:
            found[one.name] = [None if value is None else wanted(value) for value in values]
        else:
            found[one.name] = list(values)
        if one.kind == "day" and days:
            found[one.name] = [None if value is None else value + days for value in found[one.name]]
    return found


def write_spends(columns: Columns) -> None:
    """Writes the amounts of changes as all others are."""
    for name in ("before", "now"):
        columns[name] = [
            spend_of_version(text) if text and what == "expected spend" else text
            for text, what in zip(columns[name], columns["what"], strict=True)
        ]


def hundredths(amount: Decimal | float) -> int:
    """Returns an amount as a whole number."""
    return int((amount if isinstance(amount, Decimal) else Decimal(str(amount))).scaleb(2).to_integral_value())


def spends_of(
    columns: Columns, several: Mapping[str, Spends], reporting: str | None
) -> list[Sequence[tuple[str, int]]]:
    """Returns the amounts of each row, by currency; the currency that nobody gave is an empty text.

    What they are in the reporting currency comes last, under its name with `ABOUT` before it.
    """

    def of_rows() -> Iterator[Sequence[tuple[str, int]]]:
        names = ("id", "amount", "currency", "reporting")
        for key, amount, currency, about in zip(*(columns[name] for name in names), strict=True):
            pairs = several.get(key, ()) if amount is None else ((currency or "", amount),)
            yield pairs if about is None else (*pairs, (f"{ABOUT}{reporting}", about))

    return list(of_rows())
