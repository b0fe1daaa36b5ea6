"""Amounts as people write them: with the currency's sign and as many decimals as it has."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal

SIGNS = {
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥",
    "INR": "₹",
    "KRW": "₩",
    "BRL": "R$",
    "CNY": "CN¥",
    "CAD": "CA$",
    "AUD": "A$",
    "NZD": "NZ$",
    "HKD": "HK$",
    "SGD": "S$",
    "MXN": "MX$",
    "TWD": "NT$",
    "ILS": "₪",
    "VND": "₫",
    "PHP": "₱",
    "TRY": "₺",
    "UAH": "₴",
    "NGN": "₦",
}
NO_DECIMALS = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"}
)
THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
EXACT = Context(prec=100)  # an amount has up to 38 digits, and a sum of them more
ENTRY = re.compile(r"(?:(\S+) )?(-?\d+(?:\.\d+)?)")


def money(amount: Decimal | float | None, currency: str | None) -> str:
    """An amount, such as `$1,234.50`, `¥300,000`, `SEK 12.00`; `XXX 5.00` in a currency nobody knows."""
    if amount is None:
        return ""
    decimals = 0 if currency in NO_DECIMALS else 3 if currency in THREE_DECIMALS else 2
    rounded = Decimal(amount).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, EXACT)
    sign = "-" if rounded < 0 else ""
    before = SIGNS.get(currency or "", f"{currency}\N{NO-BREAK SPACE}" if currency else "")
    return f"{sign}{before}{rounded.copy_abs():,f}"


def spend(text: str | None) -> str:
    """The text of `monthly_spend`, such as `EUR 50.00, USD 1200.50`, with every amount as `money` writes it."""
    entries = (text or "").split(", ")
    return ", ".join(
        money(Decimal(found[2]), found[1]) if (found := ENTRY.fullmatch(entry)) else entry for entry in entries
    )
