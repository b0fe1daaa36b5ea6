"""Plausible opportunities: each a pure function of seed, catalog and its place in the sequence.

Only the dates are drawn for all at once. Everything else is made when it is needed, so that a million opportunities
cost little before they are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any, Final, Literal

from ..clock import DAY, HOUR, MINUTE, SECOND, Stamp, to_datetime
from . import words
from .stories import Story, imported_life

Skew = Literal["uniform", "skewed", "minute", "hour", "instant"]
Json = dict[str, Any]

SPAN: Final = 548 * DAY
FIRST_NUMBER: Final = 10_000_000

_ARN_PREFIX = "arn:aws:partnercentral:us-east-1:123456789012:catalog/"
_UNTOUCHED = 0.6  # part of what an import brought
_CURRENCIES = {place.country: place.currency for place in words.PLACES}


@dataclass(frozen=True, slots=True)
class Recipe:
    """Makes the invented opportunities of one catalog.

    Attributes:
        seed: Chooses the data.
        catalog: `AWS` or `Sandbox`.
        stamp: How instants are written.
        customers: How many companies the opportunities spread over.
        imported: Whether the opportunities came in by an import, so that even untouched ones are far along.
    """

    seed: int
    catalog: str
    stamp: Stamp
    customers: int
    imported: bool

    def summary(self, index: int, identifier: str, created: int, modified: int) -> Json:
        """Returns one opportunity as `ListOpportunities` shows it, in wire names, some members absent."""
        rng = self.rng(index, "summary")
        company = _company(int(min(self.customers, words.COMPANIES) * rng.random() ** 2))
        number = rng.randrange(1_000_000)
        return {
            "Arn": f"{_ARN_PREFIX}{self.catalog}/opportunity/{identifier}",
            "Catalog": self.catalog,
            "CreatedDate": self.stamp.text(created),
            "Customer": {"Account": company},
            "Id": identifier,
            "LastModifiedDate": self.stamp.text(modified),
            "LifeCycle": self._life_cycle(index, rng, created, modified),
            "OpportunityType": rng.choice(words.OPPORTUNITY_TYPES),
            "PartnerOpportunityIdentifier": f"CRM-{number:06d}" if chance(rng, 0.6) else None,
            "Project": _project(rng, currency_of(company)),
        }

    def details(self, index: int, summary: Json) -> Json:
        """Returns members that `ListOpportunities` does not show of an opportunity."""
        rng = self.rng(index, "details")
        first, last = rng.choice(words.PEOPLE)
        use_case = rng.choice(words.USE_CASES)
        account = summary["Customer"]["Account"]
        host = account["WebsiteUrl"].removeprefix("https://www.")
        return {
            "Customer": {
                "Account": {"Address": {"StreetAddress": f"{rng.randint(1, 180)} Station Road"}},
                "Contacts": [person(rng, host, "IT Manager")] if chance(rng, 0.7) else [],
            },
            "NationalSecurity": "No",
            "OpportunityTeam": [
                {
                    "BusinessTitle": "OpportunityOwner",
                    "Email": f"{first}.{last}@partner.example".lower(),
                    "FirstName": first,
                    "LastName": last,
                }
            ],
            "PrimaryNeedsFromAws": rng.sample(words.NEEDS, rng.randint(1, 2)),
            "Project": {
                "CustomerBusinessProblem": rng.choice(words.PROBLEMS),
                "CustomerUseCase": use_case,
                "SalesActivities": list(words.SALES_ACTIVITIES[: rng.randint(1, 3)]),
                "Title": f"{use_case} for {account['CompanyName']}"[:255],
            },
            "RelatedEntityIdentifiers": {
                "Solutions": [rng.choice(words.ACTIVE_SOLUTIONS)] if chance(rng, 0.5) else [],
            },
        }

    def dates(self, count: int, now: int, skew: Skew) -> Iterator[tuple[int, int]]:
        """Yields CreatedDate and LastModifiedDate of `count` opportunities, oldest first, all before `now`."""
        rng = self.rng(count, "dates")
        floor = self.stamp.floor
        # Nothing is younger than an hour, so that a test's own changes are the newest.
        latest = now - HOUR
        for index, instant in enumerate(sorted(_created(rng, count, latest, skew))):
            created = floor(instant)
            if not self.imported:
                modified = self.story(index).modified(created, latest)
            else:
                later = 0 if rng.random() < _UNTOUCHED else int((latest - created) * rng.random() ** 1.5)
                modified = created + later
            yield created, floor(modified)

    def rng(self, index: int, purpose: str) -> Random:
        """Returns the random numbers for one opportunity and one purpose, the same whenever they are drawn."""
        salt = int.from_bytes(f"{self.catalog}/{purpose}".encode(), "little")
        return Random((salt << 128) + (self.seed << 64) + index)  # noqa: S311

    def story(self, index: int) -> Story:
        """Returns how one opportunity continues that no import brought."""
        return Story.draw(self.rng(index, "story"))

    def _life_cycle(self, index: int, rng: Random, created: int, modified: int) -> Json:
        if self.imported:
            life = imported_life(rng, created, modified)
        else:
            life = self.story(index).life(rng, created, modified)
        life["TargetCloseDate"] = date_of(life["TargetCloseDate"])
        if life["ReviewStatus"] in ("Action Required", "Rejected"):
            life["ReviewComments"], life["ReviewStatusReason"] = rng.choice(words.REVIEW_REMARKS)
        if life["Stage"] == words.LOST:
            life["ClosedLostReason"] = rng.choice(words.LOST_REASONS)
        if life["Stage"] in words.STAGES[:-1] and chance(rng, 0.6):
            life["NextSteps"] = rng.choice(words.NEXT_STEPS)
        return life


def chance(rng: Random, share: float) -> bool:
    """Returns true in this share of draws."""
    return rng.random() < share


def spend_entry(rng: Random, currency: str) -> Json:
    """Returns one invented entry of `ExpectedCustomerSpend`; `Amount` in each of the forms the service writes."""
    amount = rng.lognormvariate(8.5, 1.2)
    form = rng.choices(("{:.0f}", "{:.0f}.0", "{:.2f}"), cum_weights=(45, 65, 100))[0]
    estimate = rng.getrandbits(160)
    return {
        "Amount": form.format(amount),
        "CurrencyCode": currency if chance(rng, 0.5) else "USD",
        "EstimationUrl": f"https://calculator.aws/#/estimate?id={estimate:040x}" if chance(rng, 0.1) else None,
        "Frequency": "Monthly",
        "TargetCompany": "AWS",
    }


def currency_of(account: Json) -> str:
    """Returns the currency of an account's country; US dollars if that is unknown."""
    country = (account.get("Address") or {}).get("CountryCode")
    return _CURRENCIES.get(country, "USD") if isinstance(country, str) else "USD"


def date_of(instant: int) -> str:
    """Returns the day of an instant, as the service writes dates."""
    return to_datetime(instant).date().isoformat()


def _created(rng: Random, count: int, latest: int, skew: Skew) -> Iterator[int]:
    import_start = latest - SPAN // 2
    second = import_start - import_start % SECOND
    for _ in range(count):
        where = rng.choices(("window", "instant", "anywhere"), (40, 5, 55))[0]
        spread = rng.random()
        if skew == "hour":
            yield import_start + int(spread * HOUR)
        elif skew == "instant":
            yield second + int(spread * SECOND)
        elif skew == "minute":
            yield import_start + int(spread * MINUTE) if rng.random() * 3 < 1 else latest - int(spread**2 * SPAN)
        elif skew == "skewed" and where == "window":
            yield import_start + int(spread * 2 * HOUR)
        elif skew == "skewed" and where == "instant":
            yield second - 30 * DAY
        else:
            yield latest - int(spread * SPAN)


@lru_cache(maxsize=4_096)
def _company(number: int) -> Json:
    """Returns the same company for the same number: a customer keeps its address over all its opportunities.

    Opportunities share it: do not alter.
    """
    rest, first = divmod(number, len(words.FIRST))
    rest, second = divmod(rest + number * 5, len(words.SECOND))
    trade, industry = words.TRADES[(rest + number) % len(words.TRADES)]
    place = words.PLACES[number * 7 % len(words.PLACES)]
    stem = words.FIRST[first] + words.SECOND[second]
    postal_code = place.postal_code
    for digit in str(number * 37 + 1_000)[-4:]:
        postal_code = postal_code.replace("#", digit, 1)
    return {
        "Address": {
            "City": place.city,
            "CountryCode": place.country,
            "PostalCode": postal_code,
            "StateOrRegion": place.region,
        },
        "CompanyName": f"{stem} {trade} {place.legal_form}",
        "Industry": industry,
        "OtherIndustry": "Cooperative" if industry == "Other" else None,
        "WebsiteUrl": f"https://www.{stem.lower()}-{trade.lower()}.example",
    }


def _project(rng: Random, currency: str) -> Json:
    models = rng.sample(words.DELIVERY_MODELS, rng.choice((0, 1, 1, 1, 2, 3)))
    project: Json = {"DeliveryModels": models or None}
    entries = rng.choices((None, 0, 1, 2, 3), cum_weights=(6, 10, 73, 91, 100))[0]
    if entries is not None:
        project["ExpectedCustomerSpend"] = [spend_entry(rng, currency) for _ in range(entries)]
    if chance(rng, 0.5):
        months = rng.choice((6, 12, 24, 36, 60))
        project["ExpectedContractDuration"] = {"Term": "Months", "Value": str(months)}
    return project


def person(rng: Random, host: str, title: str) -> Json:
    """Returns an invented person."""
    first, last = rng.choice(words.PEOPLE)
    return {
        "BusinessTitle": title,
        "Email": f"{first}.{last}@{host}".lower(),
        "FirstName": first,
        "LastName": last,
        "Phone": f"+1555{rng.randrange(10_000_000):07d}",
    }
