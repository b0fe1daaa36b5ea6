"""The account over time: its versions, weeks, months and quarters."""

from __future__ import annotations

from decimal import Decimal

from worked_example import FIRST, day, moment

from .answer import NO_RATE, SEEN, STAGES, Answers

PROSPECT, QUALIFIED, VALIDATION, _, COMMITTED, *_ = STAGES
FIRST_WEEK = (day("06-01"), day("06-07"), True, True)
SECOND_WEEK = (day("06-08"), day("06-14"), False, True)
JUNE, MAY, MARCH, FEBRUARY, JANUARY = (day(f"{month}-01") for month in ("06", "05", "03", "02", "01"))
Q1, Q2 = (JANUARY, "2026-Q1"), (day("04-01"), "2026-Q2")
JPY_RATE = ("USD", day("06-10"))  # reporting_currency and rate_date
NONE = (None,) * 7

ANSWERS: Answers = {
    "opportunity_versions": (
        (
            *("id", "version_number", "stage_order", "is_open", "review_standing", "is_pipeline", "is_validated"),
            *("valid_from", "valid_from_is_seen", "first_seen_at", "valid_until", "is_newest"),
        ),
        [
            (
                *("A1", 1, 1, True, "in review", True, False),
                *(moment("06-02 08:00"), True, SEEN["06-02"], moment("06-06 08:00"), False),
            ),
            (
                *("A1", 2, 2, True, "in review", True, False),
                *(moment("06-06 08:00"), True, SEEN["06-06"], moment("06-09 08:00"), False),
            ),
            ("A1", 3, 2, True, "in review", True, False, moment("06-09 08:00"), True, SEEN["06-09"], None, True),
            ("B2", 1, 5, True, "approved", True, True, moment("04-01 23:30"), False, SEEN["06-01"], None, True),
            (
                *("C3", 1, 5, True, "approved", True, True),
                *(moment("05-01 23:59"), False, SEEN["06-01"], moment("06-05 00:01"), False),
            ),
            ("C3", 2, 6, False, "approved", False, False, moment("06-05 00:01"), True, SEEN["06-05"], None, True),
            ("D4", 1, 7, False, "unknown", False, False, moment("05-20 12:00"), False, SEEN["06-01"], None, True),
            (
                *("E5", 1, 1, True, "unknown", True, False),
                *(moment("06-01 06:00"), True, SEEN["06-01"], moment("06-08 06:00"), False),
            ),
            ("E5", 2, 7, False, "unknown", False, False, moment("06-08 06:00"), True, SEEN["06-08"], None, True),
            (  # until it was gone
                *("F6", 1, 2, True, "in review", True, False),
                *(moment("05-15 12:00"), False, SEEN["06-01"], moment("06-07 12:00"), True),
            ),
            ("G7", 1, None, True, "unknown", True, False, moment("06-10 12:00"), False, SEEN["06-10"], None, True),
            (
                *("H8", 1, 3, True, "in review", True, False),
                *(moment("05-01 10:00"), True, SEEN["06-01"], moment("06-03 10:00"), False),
            ),
            ("H8", 2, 3, True, "action required", True, False, moment("06-03 10:00"), True, SEEN["06-03"], None, True),
            ("I9", 1, None, True, "unknown", True, False, moment("05-11 09:00"), False, None, None, True),
            (
                *("J10", 1, 1, True, "approved", True, True),
                *(moment("06-01 00:00"), True, SEEN["06-01"], moment("06-03 00:00"), False),
            ),
            (
                *("J10", 2, 2, True, "approved", True, True),
                *(moment("06-03 00:00"), True, SEEN["06-03"], moment("06-04 00:00"), False),
            ),
            (
                *("J10", 3, 1, True, "approved", True, True),
                *(moment("06-04 00:00"), True, SEEN["06-04"], moment("06-05 00:00"), False),
            ),
            (
                *("J10", 4, 7, False, "approved", False, False),
                *(moment("06-05 00:00"), True, SEEN["06-05"], moment("06-07 00:00"), False),
            ),
            (
                *("J10", 5, 2, True, "approved", True, True),
                *(moment("06-07 00:00"), True, SEEN["06-07"], moment("06-07 12:45"), False),
            ),
            (  # AWS moved no date: it is valid from when it was seen
                *("J10", 6, 2, True, "approved", True, True),
                *(moment("06-07 12:45"), True, moment("06-07 12:45"), None, True),
            ),
        ],
    ),
    "pipeline_by_week": (
        None,
        [
            (*FIRST_WEEK, PROSPECT, 1, 1, 0, "USD", 1, Decimal(10), None, Decimal(10), "USD", None),
            (
                *FIRST_WEEK,
                QUALIFIED,
                2,
                2,
                1,
                "USD",
                2,
                Decimal("1065.75"),
                Decimal("40.25"),
                Decimal("1065.75"),
                "USD",
                None,
            ),
            (*FIRST_WEEK, QUALIFIED, 2, 2, 1, None, 1, Decimal(5), None, *NO_RATE),
            (*FIRST_WEEK, VALIDATION, 3, 1, 0, None, 1, Decimal(1), None, *NO_RATE),
            (*FIRST_WEEK, COMMITTED, 5, 1, 1, None, 1, None, None, *NO_RATE),
            (*FIRST_WEEK, "Negotiation", None, 1, 0, "XXX", 1, Decimal(5), None, *NO_RATE),
            (
                *SECOND_WEEK,
                QUALIFIED,
                2,
                2,
                1,
                "USD",
                2,
                Decimal("1240.75"),
                Decimal("40.25"),
                Decimal("1240.75"),
                "USD",
                None,
            ),
            (*SECOND_WEEK, QUALIFIED, 2, 2, 1, "EUR", 1, Decimal(50), None, Decimal(60), "USD", day("06-05")),
            (*SECOND_WEEK, VALIDATION, 3, 1, 0, None, 1, Decimal(1), None, *NO_RATE),
            (*SECOND_WEEK, COMMITTED, 5, 1, 1, None, 1, None, None, *NO_RATE),
            (*SECOND_WEEK, "Negotiation", None, 1, 0, "XXX", 1, Decimal(5), None, *NO_RATE),
            (*SECOND_WEEK, None, None, 1, 0, None, 1, None, None, *NO_RATE),
        ],
    ),
    "version_spend": (
        None,
        [
            ("A1", 2, "USD", Decimal("1025.50"), Decimal("1025.50"), "USD", None),
            ("A1", 2, None, Decimal(5), *NO_RATE),
            ("A1", 3, "USD", Decimal("1200.50"), Decimal("1200.50"), "USD", None),
            ("A1", 3, "EUR", Decimal(50), Decimal(60), "USD", day("06-05")),
            ("C3", 2, "JPY", Decimal(300000), Decimal(3000), "USD", day("06-10")),
            ("E5", 1, "USD", Decimal(10), Decimal(10), "USD", None),
            ("E5", 2, "USD", Decimal(10), Decimal(10), "USD", None),
            ("F6", 1, "USD", Decimal(7), Decimal(7), "USD", None),
            ("H8", 2, None, Decimal(1), *NO_RATE),
            ("I9", 1, "XXX", Decimal(5), *NO_RATE),
            ("J10", 6, "USD", Decimal("40.25"), Decimal("40.25"), "USD", None),
        ],
    ),
    "review_periods": (
        None,
        [
            (
                *("A1", 1, "Submitted", "in review", moment("06-02 08:00"), True, True),
                *(moment("06-02 08:00"), SEEN["06-02"], moment("06-06 08:00"), "In review", 4),
            ),
            (
                *("A1", 2, "In review", "in review", moment("06-06 08:00"), True, False),
                *(moment("06-06 08:00"), moment("06-06 08:00"), None, None, 4),
            ),
            (
                *("B2", 1, "Approved", "approved", moment("04-01 23:30"), False, False),
                *(moment("01-10 00:30"), moment(FIRST), None, None, 70),
            ),
            (
                *("C3", 1, "Approved", "approved", moment("05-01 23:59"), False, False),
                *(moment("02-01 00:00"), moment(FIRST), None, None, 40),
            ),
            (  # up to the day on which it was gone
                *("F6", 1, "Submitted", "in review", moment("05-15 12:00"), False, False),
                *(moment("05-01 00:00"), moment(FIRST), None, None, 23),
            ),
            (
                *("H8", 1, "Submitted", "in review", moment("05-01 10:00"), True, True),
                *(moment("05-01 10:00"), moment(FIRST), moment("06-03 10:00"), "Action Required", 33),
            ),
            (
                *("H8", 2, "Action Required", "action required", moment("06-03 10:00"), True, False),
                *(moment("06-03 10:00"), moment("06-03 10:00"), None, None, 7),
            ),
            (
                *("I9", 1, "Escalated", "unknown", moment("05-11 09:00"), False, False),
                *(moment("05-01 09:00"), None, None, None, 30),
            ),
            (
                *("J10", 1, "Approved", "approved", moment("06-01 00:00"), True, True),
                *(moment("06-01 00:00"), moment(FIRST), None, None, 9),
            ),
        ],
    ),
    "approval_rate_by_month": (
        None,
        [  # in May or June, H8 and F6 came into review; B2 and C3 were approved at some time before the first sync
            (JUNE, 1, 1, 0, 1, Decimal(100), 0, None),
            (None, 2, 2, 0, 0, Decimal(100), 0, None),
        ],
    ),
    "opportunity_milestones": (
        None,
        [
            ("A1", "Acme", "created", 1, day("06-02"), day("06-02"), True),
            ("A1", "Acme", "submitted", 2, day("06-02"), day("06-02"), True),
            ("B2", "Bolt", "created", 1, day("01-10"), day("01-10"), True),
            ("B2", "Bolt", "submitted", 2, day("01-10"), day("06-01"), False),
            ("B2", "Bolt", "approved", 3, day("01-10"), day("06-01"), False),
            ("C3", "Cargo", "created", 1, day("02-01"), day("02-01"), True),
            ("C3", "Cargo", "submitted", 2, day("02-01"), day("06-01"), False),
            ("C3", "Cargo", "approved", 3, day("02-01"), day("06-01"), False),
            ("C3", "Cargo", "launched", 4, day("06-05"), day("06-05"), True),
            ("D4", "Delta", "created", 1, day("01-01"), day("01-01"), True),
            ("D4", "Delta", "lost", 5, day("03-15"), day("03-15"), False),
            ("E5", "Epic", "created", 1, day("06-01"), day("06-01"), True),
            ("E5", "Epic", "lost", 5, day("06-08"), day("06-08"), True),
            ("F6", "Foxtrot", "created", 1, day("05-01"), day("05-01"), True),
            ("F6", "Foxtrot", "submitted", 2, day("05-01"), day("06-01"), False),
            ("H8", "Hotel", "created", 1, day("05-01"), day("05-01"), True),
            ("H8", "Hotel", "submitted", 2, day("05-01"), day("06-01"), False),
            ("I9", "India", "created", 1, day("05-01"), day("05-01"), True),
            ("J10", "Juno", "created", 1, day("06-01"), day("06-01"), True),
            ("J10", "Juno", "submitted", 2, day("06-01"), day("06-01"), True),
            ("J10", "Juno", "approved", 3, day("06-01"), day("06-01"), True),
        ],
    ),
    "created_submitted_launched_by_month": (
        None,
        [
            (JUNE, 3, 2, 1, 1, 1, 0),
            (MAY, 3, 0, 0, 0, 0, 0),
            (MARCH, 0, 0, 0, 0, 1, 1),
            (FEBRUARY, 1, 0, 0, 0, 0, 0),
            (JANUARY, 2, 0, 0, 0, 0, 0),
            (None, 0, 4, 2, 0, 0, 0),
        ],
    ),
    "created_submitted_launched_by_month_and_currency": (
        None,
        [
            (
                *(JUNE, "USD", Decimal("1250.75"), Decimal("1240.75"), Decimal("40.25"), None, Decimal(10)),
                *(Decimal("1250.75"), Decimal("1240.75"), Decimal("40.25"), None, Decimal(10), "USD", None),
            ),
            (
                *(JUNE, "EUR", Decimal(50), Decimal(50), None, None, None),
                *(Decimal(60), Decimal(60), None, None, None, "USD", day("06-05")),
            ),
            (JUNE, "JPY", None, None, None, Decimal(300000), None, *NONE[:3], Decimal(3000), None, *JPY_RATE),
            (MAY, "USD", Decimal(7), *NONE[:4], Decimal(7), *NONE[:4], "USD", None),
            (MAY, "XXX", Decimal(5), *NONE[:4], *NONE),
            (MAY, None, Decimal(1), *NONE[:4], *NONE),
            (FEBRUARY, "JPY", Decimal(300000), *NONE[:4], Decimal(3000), *NONE[:4], *JPY_RATE),
            (
                *(None, "JPY", None, Decimal(300000), Decimal(300000), None, None),
                *(None, Decimal(3000), Decimal(3000), None, None, *JPY_RATE),
            ),
            (None, "USD", None, Decimal(7), *NONE[:3], None, Decimal(7), *NONE[:3], "USD", None),
            (None, None, None, Decimal(1), *NONE[:3], *NONE),
        ],
    ),
    "days_to_launch": (
        None,
        [
            (
                *("C3", "Cargo", day("02-01"), day("06-01"), day("06-01"), day("06-05"), 120, None, 4, 124),
                *(False, False, True, False),
            )
        ],
    ),
    "days_to_launch_by_quarter": (None, [(*Q2, 1, 1, Decimal(124), Decimal(124), 124)]),
    "stage_conversion": (
        None,
        [
            (*Q2, PROSPECT, 1, 4, 2, 0, 2, 0, 0, Decimal(50)),
            (*Q2, QUALIFIED, 2, 4, 0, 1, 0, 2, 1, Decimal(0)),
            (*Q2, VALIDATION, 3, 1, 0, 0, 0, 1, 0, None),
            (None, None, COMMITTED, 5, 2, 1, 0, 0, 1, 0, Decimal(100)),
            (None, None, None, None, 1, 0, 0, 0, 1, 0, None),
        ],
    ),
    "launched_by_quarter": (
        None,
        [
            (
                *(*Q2, 1, 1, 0, "JPY", 1, Decimal(300000), 1, Decimal(300000)),
                *(Decimal(3000), Decimal(3000), *JPY_RATE),
            )
        ],
    ),
    "win_rate_by_quarter_and_currency": (
        None,
        [
            (*Q2, 1, 1, 0, "JPY", 1, 0, Decimal(300000), None, Decimal(100), Decimal(3000), None, *JPY_RATE),
            (*Q2, 1, 1, 0, "USD", 0, 1, None, Decimal(10), Decimal(0), None, Decimal(10), "USD", None),
            (*Q1, 0, 1, 1, None, 0, 1, None, None, None, None, *NO_RATE),
        ],
    ),
}
