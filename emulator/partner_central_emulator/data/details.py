"""The members of an opportunity that `ListOpportunities` does not show. `SearchOpportunities` shows some of them."""

from __future__ import annotations

from random import Random
from typing import Final

from ..clock import DAY
from . import words
from .merge import merged
from .records import Json, Recipe, chance, currency_of, date_of, person
from .row import Row

HISTORY_AT_MOST: Final = 50

_MARKETPLACE: Final = "arn:aws:aws-marketplace:us-east-1:123456789012:AWSMarketplace/"
_LISTED: Final = {one.id: one.marketplace_arn for one in words.SOLUTIONS if one.marketplace_arn}
_PARTITION_OF: Final = {"EUR": "aws-eusc"}


def searched_members(recipe: Recipe, row: Row, record: Json) -> Json:
    """Returns what both `GetOpportunity` and the search show of an invented opportunity besides its summary.

    Args:
        recipe: Makes the opportunity.
        row: The opportunity.
        record: The opportunity as it is now.
    """
    found = recipe.details(row.index, recipe.summary(row.index, row.id, row.created, row.modified))
    rng = recipe.rng(row.index, "search")
    number = rng.randrange(10**12)
    launched = (record.get("LifeCycle") or {}).get("Stage") == words.STAGES[-1]
    offers = [f"{_MARKETPLACE}Offer/offer-{number:013d}"] if launched and chance(rng, 0.5) else []
    sets = [f"{_MARKETPLACE}OfferSet/offerset-{number:013d}"] if offers and number % 4 == 0 else []
    owner = {**found["OpportunityTeam"][0], "Phone": f"+1556{number % 10_000_000:07d}"}
    solutions = found["RelatedEntityIdentifiers"]["Solutions"]
    over = {
        "Customer": {"Account": {"AwsAccountId": f"{number:012d}" if chance(rng, 0.4) else None}},
        "OpportunityTeam": [owner, *_colleagues(recipe.rng(row.index, "team"))],
        "Project": {"ApnPrograms": [rng.choice(words.APN_PROGRAMS)] if chance(rng, 0.2) else []},
        "RelatedEntityIdentifiers": {
            "AwsMarketplaceOfferSets": sets,
            "AwsMarketplaceOffers": offers,
            "AwsMarketplaceSolutions": [_LISTED[one] for one in solutions if one in _LISTED],
        },
        "Tags": [{"Key": "team", "Value": rng.choice(words.TEAMS)}] if chance(rng, 0.3) else None,
    }
    return merged(found, over)


def detailed_members(recipe: Recipe, row: Row, record: Json, earlier: str | None) -> Json:
    """Returns all that `GetOpportunity` shows of an invented opportunity besides its summary.

    Args:
        recipe: Makes the opportunity.
        row: The opportunity.
        record: The opportunity as it is now.
        earlier: The identifier of an opportunity that came before.
    """
    rng = recipe.rng(row.index, "more")
    found = searched_members(recipe, row, record)
    account = (record.get("Customer") or {}).get("Account") or {}
    currency = currency_of(account)
    products = rng.sample(words.AWS_PRODUCTS, rng.choice((0, 1, 2, 2, 3, 5)))
    followup = record.get("OpportunityType") != words.OPPORTUNITY_TYPES[0]
    over: Json = {
        "Customer": {"Account": {"Duns": f"{rng.randrange(10**9):09d}" if chance(rng, 0.3) else None}},
        "LifeCycle": {"NextStepsHistory": next_steps_history(recipe, row, record)},
        "Marketing": _marketing(rng),
        "Project": {
            "AdditionalComments": "The customer asked for a fixed price." if chance(rng, 0.2) else None,
            "AwsPartition": _PARTITION_OF.get(currency) if chance(rng, 0.1) else None,
            "RelatedOpportunityIdentifier": earlier if followup else None,
            **_competition(rng),
        },
        "RelatedEntityIdentifiers": {
            "AwsMarketplaceProducts": [f"{_MARKETPLACE}SaaSProduct/prod-{rng.getrandbits(52):013x}"]
            if chance(rng, 0.2)
            else [],
            "AwsProducts": [one.code for one in products],
        },
        "SoftwareRevenue": _software_revenue(rng, row, currency) if _is_won(record) else None,
    }
    if not found["RelatedEntityIdentifiers"]["Solutions"]:
        over["Project"]["OtherSolutionDescription"] = "Built for this customer"
    return merged(found, over)


def next_steps_history(recipe: Recipe, row: Row, record: Json) -> list[Json]:
    """Returns the next steps of an invented opportunity until its first change, the oldest first."""
    rng = recipe.rng(row.index, "next steps")
    life = record.get("LifeCycle") or {}
    values = [rng.choice(words.NEXT_STEPS) for _ in range(rng.randrange(4))]
    if life.get("NextSteps"):
        values.append(life["NextSteps"])
    times = sorted(row.created + int(rng.random() * (row.modified - row.created)) for _ in values)
    return [
        history_entry(value, recipe.stamp.text(recipe.stamp.floor(at))) for value, at in zip(values, times, strict=True)
    ]


def history_entry(value: str, at: str) -> Json:
    """Returns one entry of a `NextStepsHistory`."""
    return {"Time": at, "Value": value}


def _is_won(record: Json) -> bool:
    return (record.get("LifeCycle") or {}).get("Stage") in words.STAGES[-2:]


def _colleagues(rng: Random) -> list[Json]:
    return [person(rng, "partner.example", "PartnerAccountManager")] if chance(rng, 0.3) else []


def _marketing(rng: Random) -> Json:
    if not chance(rng, 0.25):
        return {"Source": "None"}
    return {
        "AwsFundingUsed": rng.choice(("Yes", "No")),
        "CampaignName": rng.choice(words.CAMPAIGNS),
        "Channels": rng.sample(words.CHANNELS, rng.randint(1, 3)),
        "Source": "Marketing Activity",
        "UseCases": rng.sample(words.USE_CASES, rng.randint(1, 2)),
    }


def _competition(rng: Random) -> Json:
    competitor = rng.choice(words.COMPETITORS) if chance(rng, 0.4) else None
    other = "A house of its own" if competitor == words.COMPETITORS[-1] else None
    return {"CompetitorName": competitor, "OtherCompetitorNames": other}


def _software_revenue(rng: Random, row: Row, currency: str) -> Json | None:
    if not chance(rng, 0.6):
        return None
    begin = row.created + rng.randrange(60, 240) * DAY
    return {
        "DeliveryModel": rng.choice(("Contract", "Pay-as-you-go", "Subscription")),
        "EffectiveDate": date_of(begin),
        "ExpirationDate": date_of(begin + rng.choice((365, 730, 1095)) * DAY),
        "Value": {"Amount": f"{rng.lognormvariate(10, 1):.2f}", "CurrencyCode": currency},
    }
