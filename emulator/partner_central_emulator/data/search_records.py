"""Opportunities as `SearchOpportunities` shows them: what it has besides the list, and the keys of its filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from ..clock import DAY, parse_instant
from . import words
from .draws import Draws
from .records import Json, Recipe, chance
from .row import Row
from .search_filter import Searchable

REFERRALS: Final = 1 / 3
SCORED_EVERY: Final = 14 * DAY

_OFFER: Final = "arn:aws:aws-marketplace:us-east-1:123456789012:AWSMarketplace/"
_LEVELS: Final = ("Low", "Medium", "High")
_MEDIUM: Final = 40
_HIGH: Final = 70
_MOTIONS: Final = ("AWS Field-engaged", "Agent-engaged", "Partner-led")


def is_referral(draws: Draws, number: int) -> bool:
    """Returns whether AWS brought an invented opportunity; about a third of them."""
    return draws.chance(REFERRALS, "origin", number)


def search_members(recipe: Recipe, draws: Draws, row: Row, summary: Json, lived: int) -> Json:
    """Returns what the search shows of an invented opportunity besides its summary.

    Args:
        recipe: Makes the opportunity.
        draws: Of the catalog.
        row: The opportunity.
        summary: The opportunity as the list shows it.
        lived: The emulated time; scores move with it, and `LastModifiedDate` does not.
    """
    details = recipe.details(row.index, recipe.summary(row.index, row.id, row.created, row.modified))
    rng = recipe.rng(row.index, "search")
    launched = (summary.get("LifeCycle") or {}).get("Stage") == words.STAGES[-1]
    number = rng.randrange(10**12)
    offers = [f"{_OFFER}Offer/offer-{number:013d}"] if launched and chance(rng, 0.5) else []
    return {
        "AwsOpportunitySummary": _aws_summary(draws, row, summary, lived),
        "Customer": {"Account": {"AwsAccountId": f"{number:012d}" if chance(rng, 0.4) else None}},
        "OpportunityTeam": details["OpportunityTeam"],
        "Project": {
            "ApnPrograms": [rng.choice(words.APN_PROGRAMS)] if chance(rng, 0.2) else [],
            "Title": details["Project"]["Title"],
        },
        "RelatedEntityIdentifiers": {
            "AwsMarketplaceOfferSets": [f"{_OFFER}OfferSet/offerset-{number:013d}"]
            if offers and number % 4 == 0
            else [],
            "AwsMarketplaceOffers": offers,
            "AwsMarketplaceSolutions": [],
            "Solutions": details["RelatedEntityIdentifiers"]["Solutions"],
        },
        "Tags": [{"Key": "team", "Value": rng.choice(words.TEAMS)}] if chance(rng, 0.3) else None,
    }


def _aws_summary(draws: Draws, row: Row, summary: Json, lived: int) -> Json | None:
    number, referral = row.index, is_referral(draws, row.index)
    if not referral and (summary.get("LifeCycle") or {}).get("ReviewStatus") in (None, "Pending Submission"):
        return None
    score = None
    if draws.chance(0.85, "scored", number):
        period = max(0, lived - row.created) // SCORED_EVERY
        drift = round(30 * draws.share(f"drift {period}", number)) - 15
        score = min(100, max(0, round(100 * draws.share("score", number)) + drift))
    return {
        "CosellMotion": None if score is None else _MOTIONS[int(3 * draws.share("motion", number))],
        "Insights": {
            "EngagementScore": None if score is None else _level(score),
            "OpportunityQuality": None if score is None else {"Score": score},
        },
        "Origin": "AWS Referral" if referral else "Partner Referral",
    }


def _level(score: int) -> str:
    return _LEVELS[(score >= _MEDIUM) + (score >= _HIGH)]


class Lookup(Protocol):
    """A record, or something that makes it when more than its dates are looked up."""

    def get(self, name: str) -> Any:  # noqa: ANN401
        """Returns a member; `None` if it is absent."""


def _path(*names: str) -> Callable[[Lookup], Any]:
    first, *rest = names

    def of(record: Lookup) -> Any:  # noqa: ANN401
        value = record.get(first)
        for name in rest:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    return of


def _instant(*names: str) -> Callable[[Lookup], int | None]:
    of = _path(*names)

    def instant(record: Lookup) -> int | None:
        found = of(record)
        if found is None or isinstance(found, int):
            return found
        return parse_instant(found if "T" in found else f"{found}T00:00:00Z")

    return instant


def _owner(record: Lookup) -> str | None:
    for member in record.get("OpportunityTeam") or ():
        if member.get("BusinessTitle") == "OpportunityOwner":
            return f"{member.get('FirstName')} {member.get('LastName')}"
    return None


def _mrr(record: Lookup) -> float | None:
    entries = (record.get("Project") or {}).get("ExpectedCustomerSpend") or ()
    amounts = [float(entry["Amount"]) for entry in entries if entry.get("Amount")]
    return sum(amounts) if amounts else None


def _tags(record: Lookup) -> list[str]:
    return [f"{tag['Key']}={tag['Value']}" for tag in record.get("Tags") or ()]


KEYS: Final[dict[str, Searchable]] = {
    "ApnPrograms": Searchable("list", _path("Project", "ApnPrograms")),
    "AwsAccountId": Searchable("text", _path("Customer", "Account", "AwsAccountId")),
    "AwsMarketplaceSolution": Searchable("list", _path("RelatedEntityIdentifiers", "AwsMarketplaceSolutions")),
    "CosellMotion": Searchable("text", _path("AwsOpportunitySummary", "CosellMotion")),
    "CountryCode": Searchable("text", _path("Customer", "Account", "Address", "CountryCode")),
    "CreatedDate": Searchable("date", _instant("CreatedDate")),
    "CustomerCompanyName": Searchable("text", _path("Customer", "Account", "CompanyName")),
    "EngagementScore": Searchable("text", _path("AwsOpportunitySummary", "Insights", "EngagementScore")),
    "EstimatedMrr": Searchable("number", _mrr),
    "Industry": Searchable("text", _path("Customer", "Account", "Industry")),
    "LastModifiedDate": Searchable("date", _instant("LastModifiedDate")),
    "NextStep": Searchable("text", _path("LifeCycle", "NextSteps")),
    "OfferId": Searchable("list", _path("RelatedEntityIdentifiers", "AwsMarketplaceOffers")),
    "OfferSetId": Searchable("list", _path("RelatedEntityIdentifiers", "AwsMarketplaceOfferSets")),
    "OpportunityId": Searchable("text", _path("Id")),
    "OpportunityOwner": Searchable("text", _owner),
    "OpportunityType": Searchable("text", _path("OpportunityType")),
    "Origin": Searchable("text", _path("AwsOpportunitySummary", "Origin")),
    "PartnerOpportunityIdentifier": Searchable("text", _path("PartnerOpportunityIdentifier")),
    "PartnerProjectTitle": Searchable("text", _path("Project", "Title")),
    "ReviewStatus": Searchable("text", _path("LifeCycle", "ReviewStatus")),
    "Stage": Searchable("text", _path("LifeCycle", "Stage")),
    "Tags": Searchable("list", _tags),
    "TargetCloseDate": Searchable("date", _instant("LifeCycle", "TargetCloseDate")),
}
