"""Groups of opportunities: who has them, where they are from, and what they may bring."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from worked_example import day

from .answer import J10_SPEND, NO_RATE, Answers

# whether each opportunity is pipeline, validated, won and lost
STANDING = {
    "A1": (True, False, False, False),
    "B2": (True, True, False, False),
    "C3": (False, False, True, False),
    "D4": (False, False, False, True),
    "E5": (False, False, False, True),
    "F6": (False, False, False, False),
    "G7": (True, False, False, False),
    "H8": (True, False, False, False),
    "I9": (True, False, False, False),
    "J10": (True, True, False, False),
}
NAMES = ("Acme", "Bolt", "Cargo", "Delta", "Epic", "Foxtrot", None, "Hotel", "India", "Juno")
VALUES: dict[str, list[tuple[str, str]]] = {  # the values that opportunities have; the others have none
    "customer_company_name": [(name, key) for name, key in zip(NAMES, STANDING, strict=True) if name],
    "customer_industry": [("Retail", "A1")],
    "customer_country_code": [("DE", "A1"), ("DE", "C3")],
    "opportunity_type": [("Net New Business", "A1")],
    "origin": [("Partner Referral", "A1"), ("AWS Referral", "C3")],
    "involvement_type": [("Co-Sell", "A1"), ("Co-Sell", "C3"), ("For Visibility Only", "B2")],
    "engagement_score": [("High", "A1")],
    "cosell_motion": [("Partner-led", "A1")],
    "quality_score": [("50 to 74", "A1")],
    "owner": [("Ada", "A1"), ("Zoe Zhu", "A1")],
    "aws_seller": [("Al Ash", "A1"), ("Al Ash", "C3"), ("Sam Sol", "B2")],
    "delivery_model": [("Resell", "A1")],
    "solution": [("Backups", "A1"), ("S-0000002", "A1")],
}


def _of(value: str | None, whole: tuple[Any, ...], *parts: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """The rows of a group: the counts of all of it, and its currencies."""
    return [(value, *whole, *part) for part in parts]


A1_ALONE = (1, 0, 0, 0, None)
A1_EUR = ("EUR", 1, Decimal(50), None, Decimal(60), "USD", day("06-05"))
A1_USD = ("USD", 1, Decimal("1200.50"), None, Decimal("1200.50"), "USD", None)
J10_USD = ("USD", 1, Decimal("40.25"), Decimal("40.25"), Decimal("40.25"), "USD", None)
B2_NONE = (None, 1, None, None, *NO_RATE)
H8_NONE = (None, 1, Decimal(1), None, *NO_RATE)
CLOSED = (None, 0, None, None, *NO_RATE)
I9_XXX = ("XXX", 1, Decimal(5), None, *NO_RATE)
WITHOUT_A1 = _of(None, (5, 2, 1, 2, Decimal("33.3")), (None, 3, Decimal(1), None, *NO_RATE), J10_USD, I9_XXX)
WITHOUT_A1_C3 = _of(None, (5, 2, 0, 2, Decimal(0)), (None, 3, Decimal(1), None, *NO_RATE), J10_USD, I9_XXX)
WITHOUT_A1_B2_C3 = _of(None, (4, 1, 0, 2, Decimal(0)), (None, 2, Decimal(1), None, *NO_RATE), J10_USD, I9_XXX)
A1_C3 = (1, 0, 1, 0, Decimal(100))
GROUPS = {
    "customer_company_name": [
        *_of("Acme", A1_ALONE, A1_EUR, A1_USD),
        *_of("Bolt", (1, 1, 0, 0, None), B2_NONE),
        *_of("Cargo", (0, 0, 1, 0, Decimal(100)), CLOSED),
        *_of("Delta", (0, 0, 0, 1, Decimal(0)), CLOSED),
        *_of("Epic", (0, 0, 0, 1, Decimal(0)), CLOSED),
        *_of(None, (1, 0, 0, 0, None), B2_NONE),
        *_of("Hotel", (1, 0, 0, 0, None), H8_NONE),
        *_of("India", (1, 0, 0, 0, None), I9_XXX),
        *_of("Juno", (1, 1, 0, 0, None), J10_USD),
    ],
    "customer_industry": [*_of("Retail", A1_ALONE, A1_EUR, A1_USD), *WITHOUT_A1],
    "customer_country_code": [*_of("DE", A1_C3, A1_EUR, A1_USD), *WITHOUT_A1_C3],
    "opportunity_type": [*_of("Net New Business", A1_ALONE, A1_EUR, A1_USD), *WITHOUT_A1],
    "origin": [
        *_of("Partner Referral", A1_ALONE, A1_EUR, A1_USD),
        *_of("AWS Referral", (0, 0, 1, 0, Decimal(100)), CLOSED),
        *WITHOUT_A1_C3,
    ],
    "involvement_type": [
        *_of("Co-Sell", A1_C3, A1_EUR, A1_USD),
        *_of("For Visibility Only", (1, 1, 0, 0, None), B2_NONE),
        *WITHOUT_A1_B2_C3,
    ],
    "engagement_score": [*_of("High", A1_ALONE, A1_EUR, A1_USD), *WITHOUT_A1],
    "cosell_motion": [*_of("Partner-led", A1_ALONE, A1_EUR, A1_USD), *WITHOUT_A1],
    "quality_score": [*_of("50 to 74", A1_ALONE, A1_EUR, A1_USD), *WITHOUT_A1],
    "owner": [*_of("Ada", A1_ALONE, A1_EUR, A1_USD), *_of("Zoe Zhu", A1_ALONE, A1_EUR, A1_USD), *WITHOUT_A1],
    "aws_seller": [
        *_of("Al Ash", A1_C3, A1_EUR, A1_USD),
        *_of("Sam Sol", (1, 1, 0, 0, None), B2_NONE),
        *WITHOUT_A1_B2_C3,
    ],
    "delivery_model": [*_of("Resell", A1_ALONE, A1_EUR, A1_USD), *WITHOUT_A1],
    "solution": [
        *_of("Backups", A1_ALONE, A1_EUR, A1_USD),
        *_of("S-0000002", A1_ALONE, A1_EUR, A1_USD),
        *WITHOUT_A1,
    ],
}
ANSWERS: Answers = {
    "opportunity_groups": (
        None,
        [
            *((dimension, value, key, *STANDING[key]) for dimension, found in VALUES.items() for value, key in found),
            *(
                (dimension, None, key, *standing)
                for dimension, found in VALUES.items()
                for key, standing in STANDING.items()
                if key not in {known for _, known in found}
            ),
        ],
    ),
    "pipeline_by_group": (None, [(dimension, *row) for dimension, rows in GROUPS.items() for row in rows]),
    "pipeline_by_owner": (None, GROUPS["owner"]),
    "pipeline_by_aws_seller": (None, GROUPS["aws_seller"]),
    "pipeline_by_customer": (None, GROUPS["customer_company_name"]),
    "pipeline_by_industry": (None, GROUPS["customer_industry"]),
    "pipeline_by_country": (None, GROUPS["customer_country_code"]),
    "pipeline_by_opportunity_type": (None, GROUPS["opportunity_type"]),
    "pipeline_by_delivery_model": (None, GROUPS["delivery_model"]),
    "pipeline_by_solution": (None, GROUPS["solution"]),
    "origin_split": (None, GROUPS["origin"]),
    "co_sell_or_visibility": (None, GROUPS["involvement_type"]),
    "outcome_by_score": (
        None,
        [
            row
            for dimension, value in (
                ("engagement_score", "High"),
                ("quality_score", "50 to 74"),
                ("cosell_motion", "Partner-led"),
            )
            for row in (
                (dimension, value, 1, 0, 0, 0, None),
                (dimension, None, 5, 2, 1, 2, Decimal("33.3")),
            )
        ],
    ),
    "closing_this_quarter": (
        None,
        [
            (
                *("B2", "Bolt", None, "Committed", "approved", True, day("06-01"), -9, True, 0, 0, 70, 70, False),
                *(None, None, "Call again", None, None, None, *NO_RATE),
            ),
            (
                *("J10", "Juno", None, "Qualified", "approved", True, day("06-10"), 0, False, 1, 15, 3, 3, True),
                *(Decimal(1), None, "Meet", J10_SPEND, Decimal("40.25"), "USD", Decimal("40.25"), "USD", None),
            ),
        ],
    ),
    "total_contract_value": (
        None,
        [
            (
                *("A1", "Acme", "Qualified", "in review", True, False, day("08-15"), 12),
                *(currency, Decimal(amount), Decimal(value), Decimal(reporting), "USD", rated_on),
            )
            for currency, amount, value, reporting, rated_on in (
                ("USD", "1200.50", "14406.00", "14406.00", None),
                ("EUR", "50", "600", "720", day("06-05")),
            )
        ],
    ),
}
