"""What is there now, one row an opportunity or a stage."""

from __future__ import annotations

from decimal import Decimal

from partner_central.per_id_stream import PerIdStream
from partner_central.public import STREAMS
from worked_example import FIRST, SEARCH, SMALL_CASE, day, moment

from .answer import A1_SPEND, J10_SPEND, STAGES, WEIGHTS, Answers

ANSWERS: Answers = {
    "life_cycle_stages": (
        None,
        [
            (stage, place, place > 5, Decimal(weight))
            for place, (stage, weight) in enumerate(zip(STAGES, WEIGHTS, strict=True), 1)
        ],
    ),
    "data_as_of": (None, [(moment("06-10 12:00"), day("06-10"))]),
    "data_freshness": (
        None,
        [
            (
                *("opportunities", moment("06-10 12:00"), day("06-10"), moment("06-10 12:30"), moment("06-10 13:00")),
                *("unavailable", moment("06-10 12:30"), moment("06-01 12:30"), 10, 1, 2, 1, 10, 1, False, None),
            ),
            (
                *("opportunity_search_summaries", moment("06-10 11:00"), day("06-10"), moment("06-10 12:30")),
                *(moment("06-10 12:29"), *(None,) * 5, 0, None, 2, 1, False, None),
            ),
            ("solutions", None, None, moment(FIRST), moment("06-10 12:29"), *(None,) * 5, 0, None, 1, 0, True, None),
            ("engagement_by_accepting_invitation_tasks", *(None,) * 9, 0, None, 4, 0, None, None),
            ("engagement_invitations", *(None,) * 9, 0, None, 9, 1, None, None),
            ("opportunity_details", *(None,) * 9, 0, None, 1, None, None, None),
            ("aws_opportunity_summaries", *(None,) * 9, 0, None, 3, None, None, 6),
            *(
                (stream.table, *(None,) * 9, 0, None, 0, None if isinstance(stream, PerIdStream) else 0, None, None)
                for stream in STREAMS
                if stream.table not in {"opportunities", SEARCH, *SMALL_CASE}
            ),
        ],
    ),
    "opportunity_spend": (
        None,
        [
            ("A1", "USD", Decimal("1200.50"), Decimal("1200.50"), "USD", None),
            ("A1", "EUR", Decimal(50), Decimal(60), "USD", day("06-05")),
            ("C3", "JPY", Decimal(300000), Decimal(3000), "USD", day("06-10")),
            ("E5", "USD", Decimal(10), Decimal(10), "USD", None),
            ("F6", "USD", Decimal(7), Decimal(7), "USD", None),
            ("H8", None, Decimal(1), None, None, None),
            ("I9", "XXX", Decimal(5), None, None, None),
            ("J10", "USD", Decimal("40.25"), Decimal("40.25"), "USD", None),
        ],
    ),
    "reporting_rates": (
        None,
        [
            ("USD", "USD", 1.0, None),
            ("EUR", "USD", 1.2, day("06-05")),
            ("JPY", "USD", 0.01, day("06-10")),
        ],
    ),
    "opportunity_current": (
        (
            *(
                "id",
                "life_cycle_stage",
                "stage_order",
                "is_open",
                "is_gone",
                "gone_since",
                "age_days",
                "days_unchanged",
            ),
            *("days_in_stage", "stage_since_is_seen", "days_in_review_status", "review_since_is_seen"),
            *("days_to_target_close", "closed_on", "monthly_spend", "monthly_amount", "currency_code"),
        ),
        [
            ("A1", "Qualified", 2, True, False, None, 8, 1, 4, True, 4, True, 66, None, A1_SPEND, None, None),
            ("B2", "Committed", 5, True, False, None, 151, 70, 70, False, 70, False, -9, None, None, None, None),
            (
                *("C3", "Launched", 6, False, False, None, 129, 5, 5, True, 40, False, -5, day("06-05")),
                *("JPY 300000.00", Decimal(300000), "JPY"),
            ),
            (
                *("D4", "Closed Lost", 7, False, False, None, 160, 21, 21, False, None, None, -87, day("03-15")),
                *(None, None, None),
            ),
            (
                *("E5", "Closed Lost", 7, False, False, None, 9, 2, 2, True, None, None, 174, day("06-08")),
                *("USD 10.00", Decimal(10), "USD"),
            ),
            (
                *("F6", "Qualified", 2, True, True, moment("06-07 12:00"), 40, 26, 26, False, 26, False, None, None),
                *("USD 7.00", Decimal(7), "USD"),
            ),
            ("G7", None, None, True, False, None, None, 0, 0, False, None, None, None, None, None, None, None),
            (
                *("H8", "Technical Validation", 3, True, False, None, 40, 7, 40, True, 7, True, None, None),
                *("1.00", Decimal(1), None),
            ),
            (
                *("I9", "Negotiation", None, True, False, None, 40, 30, 30, False, 30, False, None, None),
                *("XXX 5.00", Decimal(5), "XXX"),
            ),
            (
                *("J10", "Qualified", 2, True, False, None, 9, 3, 3, True, 9, True, 0, None),
                *(J10_SPEND, Decimal("40.25"), "USD"),
            ),
        ],
    ),
    "opportunity_standing": (
        None,
        [
            ("A1", "Qualified", 2, True, False, None, None, "in review", True, False),
            ("B2", "Committed", 5, True, False, None, None, "approved", True, True),
            ("C3", "Launched", 6, False, False, None, moment("06-09 12:00"), "approved", False, False),
            ("D4", "Closed Lost", 7, False, False, None, None, "unknown", False, False),
            ("E5", "Closed Lost", 7, False, False, None, None, "unknown", False, False),
            ("F6", "Qualified", 2, True, True, moment("06-07 12:00"), None, "in review", False, False),
            ("G7", None, None, True, False, None, None, "unknown", True, False),
            ("H8", "Technical Validation", 3, True, False, None, None, "action required", True, False),
            ("I9", "Negotiation", None, True, False, None, None, "unknown", True, False),
            ("J10", "Qualified", 2, True, False, None, None, "approved", True, True),
        ],
    ),
    "review_statuses": (
        None,
        [
            ("Approved", "approved", True, True),
            ("Submitted", "in review", True, False),
            ("In review", "in review", True, False),
            ("Action Required", "action required", True, False),
            ("Pending Submission", "not submitted", False, False),
            ("Rejected", "rejected", False, False),
            ("Disqualified", "rejected", False, False),
        ],
    ),
    "pipeline_by_stage": (
        None,
        [
            ("Qualified", 2, 2, "EUR", 1, Decimal(50), 1, None, Decimal(60), "USD", day("06-05")),
            ("Qualified", 2, 2, "USD", 2, Decimal("1240.75"), 1, Decimal("40.25"), Decimal("1240.75"), "USD", None),
            ("Technical Validation", 3, 1, None, 1, Decimal(1), 0, None, None, None, None),
            ("Committed", 5, 1, None, 1, None, 1, None, None, None, None),
            ("Negotiation", None, 1, "XXX", 1, Decimal(5), 0, None, None, None, None),
            (None, None, 1, None, 1, None, 0, None, None, None, None),
        ],
    ),
    "open_by_review": (
        None,
        [
            ("in review", True, 1, "USD", 1, Decimal("1200.50"), Decimal("1200.50"), "USD", None),
            ("in review", True, 1, "EUR", 1, Decimal(50), Decimal(60), "USD", day("06-05")),
            ("approved", True, 2, None, 1, None, None, None, None),
            ("approved", True, 2, "USD", 1, Decimal("40.25"), Decimal("40.25"), "USD", None),
            ("action required", True, 1, None, 1, Decimal(1), None, None, None),
            ("unknown", True, 2, None, 1, None, None, None, None),
            ("unknown", True, 2, "XXX", 1, Decimal(5), None, None, None),
        ],
    ),
    "weighted_pipeline": (
        None,
        [
            (
                *("Qualified", 2, Decimal("0.25"), "USD", 2, Decimal("1240.75"), Decimal("40.25"), Decimal("310.19")),
                *(Decimal("310.19"), "USD", None),
            ),
            (
                *("Qualified", 2, Decimal("0.25"), "EUR", 1, Decimal(50), None, Decimal("12.50")),
                *(Decimal(15), "USD", day("06-05")),
            ),
            ("Technical Validation", 3, Decimal("0.4"), None, 1, Decimal(1), None, Decimal("0.40"), None, None, None),
            ("Negotiation", None, None, "XXX", 1, Decimal(5), None, None, None, None, None),
        ],
    ),
}
