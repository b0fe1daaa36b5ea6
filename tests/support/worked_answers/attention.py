"""What somebody has to look at."""

from __future__ import annotations

from decimal import Decimal

from worked_example import day, moment

from .answer import A1_SPEND, J10_SPEND, Answers

ANSWERS: Answers = {
    "review_ageing": (
        None,
        [
            (
                *("A1", "Acme", "Qualified", "In review", True, "AWS", moment("06-06 08:00"), True, 4),
                *("up to 7 days", A1_SPEND),
            ),
            (
                *(
                    "H8",
                    "Hotel",
                    "Technical Validation",
                    "Action Required",
                    True,
                    "partner",
                    moment("06-03 10:00"),
                    True,
                    7,
                ),
                *("up to 7 days", "1.00"),
            ),
            (
                *("I9", "India", "Negotiation", "Escalated", True, "AWS", moment("05-11 09:00"), False, 30),
                *("15 to 30 days", "XXX 5.00"),
            ),
        ],
    ),
    "action_required": (
        None,
        [
            (
                *("H8", "Hotel", "Technical Validation", "Incomplete information", "Which <b>problem</b>?"),
                *(None, None, 7, True, "1.00"),
            )
        ],
    ),
    "past_target_close": (
        None,
        [
            (
                *("B2", "Bolt", "Committed", "Approved", "approved", True, day("06-01"), 9, 70, "Call again"),
                *(None, None, None, None, None, None),
            )
        ],
    ),
    "close_date_slips": (
        None,
        [
            ("A1", day("07-01"), 2, 45, moment("06-09 08:00")),
            ("J10", day("06-20"), 1, 15, moment("06-03 00:00")),
        ],
    ),
    "slipped_close_dates": (
        None,
        [
            (
                *("A1", "Acme", "Qualified", day("07-01"), day("08-15"), 2, 45, 45, moment("06-09 08:00")),
                *(A1_SPEND, None, None, Decimal("1260.50"), "USD", day("06-05")),
            ),
            (
                *("J10", "Juno", "Qualified", day("06-20"), day("06-10"), 1, 15, -10, moment("06-03 00:00")),
                *(J10_SPEND, Decimal("40.25"), "USD", Decimal("40.25"), "USD", None),
            ),
        ],
    ),
    "stalled": (
        None,
        [
            (
                *("B2", "Bolt", "Committed", "Approved", "approved", True, moment("04-01 23:30"), 70, 70, day("06-01")),
                *("Call again", None, None, None, None, None, None),
            ),
            (
                *(
                    "I9",
                    "India",
                    "Negotiation",
                    "Escalated",
                    "unknown",
                    False,
                    moment("05-11 09:00"),
                    30,
                    30,
                    None,
                    None,
                ),
                *("XXX 5.00", Decimal(5), "XXX", None, None, None),
            ),
        ],
    ),
}
