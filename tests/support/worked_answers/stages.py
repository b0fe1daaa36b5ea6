"""Stays in stages, and moves between them."""

from __future__ import annotations

from decimal import Decimal

from worked_example import moment

from .answer import Answers

ANSWERS: Answers = {
    "stage_periods": (
        None,
        [
            ("A1", 1, "Prospect", moment("06-02 08:00"), True, True, moment("06-06 08:00"), "Qualified"),
            ("A1", 2, "Qualified", moment("06-06 08:00"), True, False, None, None),
            ("B2", 1, "Committed", moment("04-01 23:30"), False, False, None, None),
            ("C3", 1, "Committed", moment("05-01 23:59"), False, False, moment("06-05 00:01"), "Launched"),
            ("C3", 2, "Launched", moment("06-05 00:01"), True, False, None, None),
            ("D4", 1, "Closed Lost", moment("05-20 12:00"), False, False, None, None),
            ("E5", 1, "Prospect", moment("06-01 06:00"), True, True, moment("06-08 06:00"), "Closed Lost"),
            ("E5", 2, "Closed Lost", moment("06-08 06:00"), True, False, None, None),
            ("F6", 1, "Qualified", moment("05-15 12:00"), False, False, None, None),
            ("G7", 1, None, moment("06-10 12:00"), False, False, None, None),
            ("H8", 1, "Technical Validation", moment("05-01 10:00"), True, True, None, None),
            ("J10", 1, "Prospect", moment("06-01 00:00"), True, True, moment("06-03 00:00"), "Qualified"),
            ("J10", 2, "Qualified", moment("06-03 00:00"), True, False, moment("06-04 00:00"), "Prospect"),
            ("J10", 3, "Prospect", moment("06-04 00:00"), True, False, moment("06-05 00:00"), "Closed Lost"),
            ("J10", 4, "Closed Lost", moment("06-05 00:00"), True, False, moment("06-07 00:00"), "Qualified"),
            ("J10", 5, "Qualified", moment("06-07 00:00"), True, False, None, None),
        ],
    ),
    "stage_transitions": (
        None,
        [
            ("A1", "Acme", "Prospect", "Qualified", "forward", moment("06-06 08:00"), 4, True, True),
            ("C3", "Cargo", "Committed", "Launched", "won", moment("06-05 00:01"), 35, False, False),
            ("E5", "Epic", "Prospect", "Closed Lost", "lost", moment("06-08 06:00"), 7, True, True),
            ("J10", "Juno", "Prospect", "Qualified", "forward", moment("06-03 00:00"), 2, True, True),
            ("J10", "Juno", "Qualified", "Prospect", "back", moment("06-04 00:00"), 1, True, False),
            ("J10", "Juno", "Prospect", "Closed Lost", "lost", moment("06-05 00:00"), 1, True, False),
            ("J10", "Juno", "Closed Lost", "Qualified", "reopened", moment("06-07 00:00"), 2, True, False),
        ],
    ),
    "stage_velocity": (
        None,
        [
            ("Prospect", 1, 4, 2, 2, Decimal("3.5"), Decimal(3), 7),
            ("Qualified", 2, 1, 0, 1, Decimal(1), Decimal(1), 1),
            ("Closed Lost", 7, 1, 0, 1, Decimal(2), Decimal(2), 2),
        ],
    ),
}
