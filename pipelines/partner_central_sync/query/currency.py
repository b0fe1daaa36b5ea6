"""Amounts in the one form that they have for people: the currency's code, groups of three digits, two decimals.

A table on a terminal, Markdown and the report write amounts so. Programs read plain digits: in CSV, JSON and SQL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

EXACT = Context(prec=100)  # an amount has up to 38 digits, and a sum of them more
CENTS = Decimal("0.01")  # the scale of the stored amounts
STORED = re.compile(r"(^|; )(-?[\d,]+\.\d+) ([^\s(;]+)")  # what an entry of the list in a version begins with
ENTRY = re.compile(r"(?:(\S+) )?(-?\d+(?:\.\d+)?)")
CHANGED_SPEND = "expected spend"  # in the column what of the view changes


def group_digits(number: Decimal | int) -> str:
    """A number with groups of three digits, and every digit."""
    return f"{number:,f}" if isinstance(number, Decimal) and number.is_finite() else f"{number:,}"


def money(amount: Decimal | float | None, currency: str | None) -> str:
    """An amount, such as `USD 1,234.50`; without a currency, the number alone."""
    if amount is None:
        return ""
    rounded = Decimal(amount).quantize(CENTS, ROUND_HALF_UP, EXACT)
    return f"{currency}\N{NO-BREAK SPACE}{group_digits(rounded)}" if currency else group_digits(rounded)


def spend(text: str | None) -> str:
    """The text of `monthly_spend`, such as `EUR 50.00, USD 1200.50`, with every amount as `money` writes it."""
    entries = (text or "").split(", ")
    return ", ".join(
        money(Decimal(found[2]), found[1]) if (found := ENTRY.fullmatch(entry)) else entry for entry in entries
    )


def spend_of_version(text: str | None) -> str:
    """The text of a version's expected spend, such as `1,200.50 USD Monthly (AWS)`, with amounts as `money` does."""
    return STORED.sub(lambda found: found[1] + money(Decimal(found[2].replace(",", "")), found[3]), text or "")


def with_money(columns: Sequence[str], row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row in which the texts of amounts, which columns of these names have, are written for people.

    A text that is not one of amounts stays. The spaces are those of a keyboard, since a terminal may have no other.
    """
    names = [name.lower() for name in columns]  # Snowflake gives them in capitals
    writers: dict[str, Callable[[str], str]] = {
        "monthly_spend": spend,
        "project_expected_customer_spend": spend_of_version,
    }
    if ("what", CHANGED_SPEND) in zip(names, row, strict=True):
        writers |= {"old_value": spend_of_version, "new_value": spend_of_version}
    return tuple(
        writers[name](value).replace("\N{NO-BREAK SPACE}", " ") if name in writers and isinstance(value, str) else value
        for name, value in zip(names, row, strict=True)
    )
