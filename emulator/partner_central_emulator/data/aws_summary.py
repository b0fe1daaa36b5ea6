"""AWS's summary of an invented opportunity: who brought it, its score, stage, team and recommendations.

Everything follows from the draws of a catalog, the opportunity and the emulated time. AWS looks at each opportunity
every two weeks, and whenever a test asks. No date of the opportunity moves then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ..clock import DAY, Stamp
from . import words
from .aws_insights import recommendations, spend_insights
from .details import HISTORY_AT_MOST, history_entry
from .draws import Draws
from .records import Json, date_of
from .row import NULL_INSTANT, Row

REFERRALS: Final = 1 / 3
REVIEWED_EVERY: Final = 14 * DAY
NOT_SUBMITTED: Final = (None, "", "Pending Submission")

_LEVELS: Final = ("Low", "Medium", "High")
_MEDIUM: Final = 40
_HIGH: Final = 70
_MOTIONS: Final = {
    "AWS Field-engaged": "The expected spend is above the threshold of the segment.",
    "Agent-engaged": "The opportunity is followed by the partner agent.",
    "Partner-led": "The partner leads until the customer asks for AWS.",
}
_TREND_FROM: Final = 3


def is_referral(draws: Draws, number: int) -> bool:
    """Returns whether AWS brought an invented opportunity; about a third of them."""
    return draws.chance(REFERRALS, "origin", number)


def searched_summary(draws: Draws, row: Row, record: Json, lived: int, asked: int) -> Json | None:
    """Returns what the search shows of AWS's summary of an opportunity; `None` before it is submitted.

    Args:
        draws: Of the catalog.
        row: The opportunity.
        record: The opportunity as it is now.
        lived: The emulated time.
        asked: How often a test had AWS look at it.
    """
    number, referral = row.index, is_referral(draws, row.index)
    if not referral and _life(record).get("ReviewStatus") in NOT_SUBMITTED:
        return None
    score = motion = trend = None
    if draws.chance(0.85, "scored", number):
        period = max(0, lived - row.created) // REVIEWED_EVERY
        score = _score(draws, number, period, asked)
        trend = _trend(score - _score(draws, number, period - 1, 0)) if period else "No Change"
        motion = tuple(_MOTIONS)[int(3 * draws.share("motion", number))]
    return {
        "CosellMotion": motion,
        "Insights": {
            "EngagementScore": None if score is None else _LEVELS[(score >= _MEDIUM) + (score >= _HIGH)],
            "OpportunityQuality": None if score is None else {"Score": score, "Trend": trend},
        },
        "Origin": "AWS Referral" if referral else "Partner Referral",
    }


def reviews(row: Row, record: Json, lived: int, asked: Sequence[int]) -> list[int]:
    """Returns when AWS looked at an invented opportunity, the newest 50. What is closed waits until it is asked."""
    closed = _life(record).get("Stage") in (words.STAGES[-1], words.LOST)
    count = max(0, (row.modified if closed else lived) - row.created) // REVIEWED_EVERY
    first = max(1, count - HISTORY_AT_MOST + 1)
    regular = (row.created + REVIEWED_EVERY * number for number in range(first, count + 1))
    return sorted([*regular, *asked])[-HISTORY_AT_MOST:]


def aws_steps(draws: Draws, stamp: Stamp, number: int, times: Sequence[int]) -> Json:
    """Returns AWS's next steps, and their history, after it looked at an opportunity at these times."""
    words_at = [_pick(draws, f"aws step {at}", number, words.AWS_NEXT_STEPS) for at in times]
    history = [history_entry(value, stamp.text(stamp.floor(at))) for value, at in zip(words_at, times, strict=True)]
    return {"NextSteps": words_at[-1] if words_at else None, "NextStepsHistory": history}


def whole_summary(draws: Draws, stamp: Stamp, row: Row, whole: Json, lived: int, asked: Sequence[int]) -> Json:
    """Returns what `GetAwsOpportunitySummary` shows of a submitted opportunity besides what the search shows.

    Args:
        draws: Of the catalog.
        stamp: How instants are written.
        row: The opportunity.
        whole: The opportunity with all its members.
        lived: The emulated time.
        asked: When a test had AWS look at it.
    """
    number = row.index
    times = reviews(row, whole, lived, asked)
    project, related = whole.get("Project") or {}, whole.get("RelatedEntityIdentifiers") or {}
    motion = (searched_summary(draws, row, whole, lived, len(asked)) or {}).get("CosellMotion")
    changed = draws.chance(0.15, "involvement changed", number)
    return {
        "CosellMotionReason": _MOTIONS.get(motion) if motion else None,
        "Customer": {"Contacts": (whole.get("Customer") or {}).get("Contacts") or []},
        "Insights": {
            "AwsProductsSpendInsightsBySource": spend_insights(draws, number, whole),
            "NextBestActions": _pick(draws, f"action {len(times)}", number, words.NEXT_BEST_ACTIONS),
            "Recommendations": recommendations(draws, number, len(times)),
        },
        "InvolvementType": "Co-Sell" if draws.chance(0.7, "involvement", number) else "For Visibility Only",
        "InvolvementTypeChangeReason": _pick(draws, "involvement why", number, words.INVOLVEMENT_CHANGES)
        if changed
        else None,
        "LifeCycle": {
            **aws_steps(draws, stamp, number, times),
            "ClosedLostReason": _life(whole).get("ClosedLostReason"),
            "Stage": _stage(draws, number, whole, len(times)),
            "TargetCloseDate": _close(draws, row, len(times)),
        },
        "OpportunityTeam": _team(draws, number),
        "Project": {name: project.get(name) for name in ("AwsPartition", "ExpectedCustomerSpend")},
        "RelatedEntityIds": {
            name: related.get(name) or []
            for name in ("AwsMarketplaceProducts", "AwsMarketplaceSolutions", "AwsProducts", "Solutions")
        },
        "SoftwareRevenue": _software_revenue(draws, number, whole),
        "Visibility": "Full" if draws.chance(0.8, "visibility", number) else "Limited",
    }


def _life(record: Json) -> Json:
    return record.get("LifeCycle") or {}


def _score(draws: Draws, number: int, period: int, asked: int) -> int:
    purpose = f"drift {period}" + (f"+{asked}" if asked else "")
    drift = round(30 * draws.share(purpose, number)) - 15
    return min(100, max(0, round(100 * draws.share("score", number)) + drift))


def _trend(difference: int) -> str:
    if abs(difference) < _TREND_FROM:
        return "No Change"
    return "Improving" if difference > 0 else "Declining"


def _stage(draws: Draws, number: int, whole: Json, count: int) -> str | None:
    stages = words.AWS_STAGES.get(str(_life(whole).get("Stage")))
    if stages is None:
        return None
    return stages[min(len(stages) - 1, (count + int(2 * draws.share("aws stage", number))) // 2)]


def _close(draws: Draws, row: Row, count: int) -> str | None:
    if row.created == NULL_INSTANT:
        return None
    return date_of(row.created + (30 + 7 * count + int(60 * draws.share("aws close", row.index))) * DAY)


def _team(draws: Draws, number: int) -> list[Json]:
    first, size = int(len(words.AWS_TEAM) * draws.share("aws team", number)), int(4 * draws.share("aws people", number))
    people = [words.AWS_TEAM[(first + place) % len(words.AWS_TEAM)] for place in range(size)]
    return [
        {
            "BusinessTitle": title,
            "Email": f"{name}.{family}@aws.example".lower(),
            "FirstName": name,
            "LastName": family,
        }
        for title, name, family in people
    ]


def _software_revenue(draws: Draws, number: int, whole: Json) -> Json | None:
    own = whole.get("SoftwareRevenue")
    if not isinstance(own, dict):
        return None
    discount = int(20 * draws.share("discount", number))
    return {
        "Discount": f"{discount}%",
        **{name: own.get(name) for name in ("EffectiveDate", "ExpirationDate", "Value")},
    }


def _pick(draws: Draws, purpose: str, number: int, values: Sequence[Any]) -> Any:  # noqa: ANN401
    return values[int(len(values) * draws.share(purpose, number))]
