"""Amounts in the one form that they have for people: the currency's code, groups of three digits, two decimals."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal

EXACT = Context(prec=100)  # an amount has up to 38 digits, and a sum of them more
CENTS = Decimal("0.01")  # the scale of the stored amounts
STORED = re.compile(r"(^|; )(-?[\d,]+\.\d+) ([^\s(;]+)")  # what an entry of the list in a version begins with
ENTRY = re.compile(r"(?:(\S+) )?(-?\d+(?:\.\d+)?)")


def money(amount: Decimal | float | None, currency: str | None) -> str:
    """An amount, such as `USD 1,234.50`; without a currency, the number alone."""
    if amount is None:
        return ""
    rounded = Decimal(amount).quantize(CENTS, ROUND_HALF_UP, EXACT)
    return f"{currency}\N{NO-BREAK SPACE}{rounded:,f}" if currency else f"{rounded:,f}"


def spend(text: str | None) -> str:
    """The text of `monthly_spend`, such as `EUR 50.00, USD 1200.50`, with every amount as `money` writes it."""
    entries = (text or "").split(", ")
    return ", ".join(
        money(Decimal(found[2]), found[1]) if (found := ENTRY.fullmatch(entry)) else entry for entry in entries
    )


def spend_of_version(text: str | None) -> str:
    """The text of a version's expected spend, such as `1,200.50 USD Monthly (AWS)`, with amounts as `money` does."""
    return STORED.sub(lambda found: found[1] + money(Decimal(found[2].replace(",", "")), found[3]), text or "")
