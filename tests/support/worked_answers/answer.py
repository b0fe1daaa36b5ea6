"""What the answers have in common."""

from __future__ import annotations

from typing import Any

from worked_example import moment

# A view's columns (all, or those named), and its rows, in any order.
Answers = dict[str, tuple[tuple[str, ...] | None, list[tuple[Any, ...]]]]

STAGES = (
    "Prospect",
    "Qualified",
    "Technical Validation",
    "Business Validation",
    "Committed",
    "Launched",
    "Closed Lost",
)
WEIGHTS = ("0.1", "0.2", "0.4", "0.6", "0.8", "1", "0")
SEEN = {
    at: moment(f"{at} 12:30")
    for at in ("06-01", "06-02", "06-03", "06-04", "06-05", "06-06", "06-07", "06-08", "06-09", "06-10")
}
A1_SPEND, J10_SPEND = "EUR 50.00, USD 1200.50", "USD 40.25"
NO_RATE = (None, None, None)  # reporting_amount, reporting_currency and rate_date
