"""What changed, and when."""

from __future__ import annotations

from worked_example import SPEND, SPEND_BEFORE, moment

from .answer import SEEN, Answers

ANSWERS: Answers = {
    "changes": (
        None,
        [
            ("A1", "Acme", "new", None, "Prospect", moment("06-02 08:00"), SEEN["06-02"]),
            ("A1", "Acme", "stage", "Prospect", "Qualified", moment("06-06 08:00"), SEEN["06-06"]),
            ("A1", "Acme", "review status", "Submitted", "In review", moment("06-06 08:00"), SEEN["06-06"]),
            ("A1", "Acme", "target close date", "2026-07-01", "2026-07-31", moment("06-06 08:00"), SEEN["06-06"]),
            ("A1", "Acme", "target close date", "2026-07-31", "2026-08-15", moment("06-09 08:00"), SEEN["06-09"]),
            ("A1", "Acme", "expected spend", None, SPEND_BEFORE, moment("06-06 08:00"), SEEN["06-06"]),
            ("A1", "Acme", "expected spend", SPEND_BEFORE, SPEND, moment("06-09 08:00"), SEEN["06-09"]),
            ("B2", "Bolt", "first seen", None, "Committed", moment("04-01 23:30"), SEEN["06-01"]),
            ("C3", "Cargo", "first seen", None, "Committed", moment("05-01 23:59"), SEEN["06-01"]),
            ("C3", "Cargo", "stage", "Committed", "Launched", moment("06-05 00:01"), SEEN["06-05"]),
            ("C3", "Cargo", "target close date", "2026-06-30", "2026-06-05", moment("06-05 00:01"), SEEN["06-05"]),
            ("D4", "Delta", "first seen", None, "Closed Lost", moment("05-20 12:00"), SEEN["06-01"]),
            ("E5", "Epic", "first seen", None, "Prospect", moment("06-01 06:00"), SEEN["06-01"]),
            ("E5", "Epic", "stage", "Prospect", "Closed Lost", moment("06-08 06:00"), SEEN["06-08"]),
            ("F6", "Foxtrot", "first seen", None, "Qualified", moment("05-15 12:00"), SEEN["06-01"]),
            ("F6", "Foxtrot", "gone", "Qualified", None, moment("06-07 12:00"), moment("06-07 12:00")),
            ("G7", None, "first seen", None, None, moment("06-10 12:00"), SEEN["06-10"]),
            ("H8", "Hotel", "first seen", None, "Technical Validation", moment("05-01 10:00"), SEEN["06-01"]),
            ("H8", "Hotel", "review status", "Submitted", "Action Required", moment("06-03 10:00"), SEEN["06-03"]),
            (
                *("H8", "Hotel", "review status reason", None, "Incomplete information"),
                *(moment("06-03 10:00"), SEEN["06-03"]),
            ),
            (
                *("H8", "Hotel", "review comments", None, "Which <b>problem</b>?"),
                *(moment("06-03 10:00"), SEEN["06-03"]),
            ),
            ("J10", "Juno", "first seen", None, "Prospect", moment("06-01 00:00"), SEEN["06-01"]),
            ("J10", "Juno", "stage", "Prospect", "Qualified", moment("06-03 00:00"), SEEN["06-03"]),
            ("J10", "Juno", "target close date", "2026-06-20", "2026-07-05", moment("06-03 00:00"), SEEN["06-03"]),
            ("J10", "Juno", "stage", "Qualified", "Prospect", moment("06-04 00:00"), SEEN["06-04"]),
            ("J10", "Juno", "target close date", "2026-07-05", None, moment("06-04 00:00"), SEEN["06-04"]),
            ("J10", "Juno", "stage", "Prospect", "Closed Lost", moment("06-05 00:00"), SEEN["06-05"]),
            ("J10", "Juno", "target close date", None, "2026-06-25", moment("06-05 00:00"), SEEN["06-05"]),
            ("J10", "Juno", "stage", "Closed Lost", "Qualified", moment("06-07 00:00"), SEEN["06-07"]),
            ("J10", "Juno", "target close date", "2026-06-25", "2026-06-10", moment("06-07 00:00"), SEEN["06-07"]),
            ("J10", "Juno", "next steps", None, "Meet", moment("06-07 00:00"), moment("06-07 12:45")),
        ],
    ),
}
