"""Amounts as people read them: short where there is little room, and exact."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ..query.currency import EXACT, money

NBSP = "\N{NO-BREAK SPACE}"
ABOUT = "\N{ALMOST EQUAL TO}"  # before the reporting currency, in which amounts of all currencies are added
SYMBOLS = {
    "USD": "$",
    "EUR": "\N{EURO SIGN}",
    "GBP": "\N{POUND SIGN}",
    "JPY": "\N{YEN SIGN}",
    "INR": "\N{INDIAN RUPEE SIGN}",
}
UNITS = ("", "K", "M", "B", "T")
ROUNDS_TO_THOUSAND, NEXT_UNIT = 99_950, 10_000  # in hundredths, and in tenths of a unit


def exact(hundredths: int, currency: str) -> str:
    """An amount with every digit, such as `USD 1,234.50`; without a currency, the number alone."""
    return money(Decimal(hundredths).scaleb(-2, EXACT), currency)


def short(hundredths: int, currency: str) -> str:
    """An amount in few characters, such as `$163.4M` or `CAD 12`."""
    sign, left = "-" * (hundredths < 0), abs(hundredths)
    code = currency.removeprefix(ABOUT)
    head = currency[: len(currency) - len(code)] + (SYMBOLS.get(code) or (code and code + NBSP))
    if left < ROUNDS_TO_THOUSAND:
        return f"{sign}{head}{(left + 50) // 100}"
    place, unit = 1, 1_000
    while place < len(UNITS) - 1 and _tenths(left, unit) >= NEXT_UNIT:
        place, unit = place + 1, unit * 1_000
    tenths = _tenths(left, unit)
    return f"{sign}{head}{tenths // 10:,}.{tenths % 10}{UNITS[place]}"


def all_exact(sums: Mapping[str, int]) -> str:
    """Amounts in every currency, by its name."""
    return ", ".join(exact(amount, currency) for currency, amount in sorted(sums.items()))


def _tenths(hundredths: int, unit: int) -> int:
    return (hundredths + 5 * unit) // (10 * unit)
