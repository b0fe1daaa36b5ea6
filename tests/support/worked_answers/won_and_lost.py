"""What was closed, and what is expected."""

from __future__ import annotations

from decimal import Decimal

from worked_example import day

from .answer import Answers

ANSWERS: Answers = {
    "win_rate_by_quarter": (
        None,
        [
            (day("01-01"), "2026-Q1", 0, 1, Decimal(0), 1),
            (day("04-01"), "2026-Q2", 1, 1, Decimal(50), 0),
        ],
    ),
    "closed_lost_reasons": (None, [("Price", 1, 1, day("03-15")), (None, 1, 1, day("06-08"))]),
    "launched_monthly_recurring": (
        None,
        [("JPY", 1, Decimal(300000), Decimal(300000), Decimal(3000), "USD", day("06-10"))],
    ),
    "expected_spend_by_month": (
        None,
        [
            (day("06-01"), "USD", 1, Decimal("40.25"), False, Decimal("40.25"), Decimal("40.25"), "USD", None),
            (day("08-01"), "USD", 1, Decimal("1200.50"), False, None, Decimal("1200.50"), "USD", None),
            (day("08-01"), "EUR", 1, Decimal(50), False, None, Decimal(60), "USD", day("06-05")),
            (None, "XXX", 1, Decimal(5), None, None, None, None, None),
            (None, None, 1, Decimal(1), None, None, None, None, None),
        ],
    ),
}
