"""Leads: contexts of engagements, with interactions that come over days."""

from __future__ import annotations

from typing import Final

from ..clock import DAY
from . import words
from .deals import Deal, Deals
from .records import Json

LEAD: Final = "Lead"
PROSPECTING: Final = "ProspectingResult"
ACCOUNT_PLAN: Final = "CustomerAccount"
BETWEEN: Final = 6 * DAY
INTERACTIONS_AT_MOST: Final = 3

_LEVELS: Final = ("Low", "Medium", "High")
_SOURCES: Final = ("Event", "Webinar", "Website", "Referral")


def lead_types(deals: Deals, deal: Deal) -> list[str]:
    """Returns the types of the contexts of a lead's engagement."""
    types = [LEAD]
    if deals.chance(0.4, "prospecting", deal):
        types.append(PROSPECTING)
    if deals.chance(0.25, "account plan", deal):
        types.append(ACCOUNT_PLAN)
    return types


def newest_interaction(deals: Deals, deal: Deal, lived: int) -> int:
    """Returns when the newest interaction of a lead was, at a time; they come days apart."""
    return _interactions(deals, deal, lived)[-1]


def lead_contexts(deals: Deals, deal: Deal, lived: int) -> list[Json]:
    """Returns the contexts of a lead's engagement, as they are at a time."""
    make = {LEAD: _lead, PROSPECTING: _prospecting, ACCOUNT_PLAN: _account_plan}
    return [
        {"Id": str(number), "Payload": {kind: make[kind](deals, deal, lived)}, "Type": kind}
        for number, kind in enumerate(lead_types(deals, deal), 1)
    ]


def _interactions(deals: Deals, deal: Deal, lived: int) -> list[int]:
    since = deal.lead_since or 0
    number = 1 + int(INTERACTIONS_AT_MOST * deals.share("interactions", deal))
    return [at for at in range(since, since + number * BETWEEN, BETWEEN) if at <= lived] or [since]


def _lead(deals: Deals, deal: Deal, lived: int) -> Json:
    account = deals.account(deal)
    address = {name: account["Address"][name] for name in ("City", "CountryCode", "PostalCode", "StateOrRegion")}
    return {
        "Customer": {
            "Address": address,
            "AwsMaturity": "Evaluating" if deals.chance(0.5, "maturity", deal) else None,
            "CompanyName": account["CompanyName"],
            "Industry": account["Industry"],
            "MarketSegment": _pick(deals, deal, "segment", ("Enterprise", "Large", "Medium", "Small", "Micro")),
            "WebsiteUrl": account["WebsiteUrl"],
        },
        "Insights": {"LeadReadinessScore": _pick(deals, deal, "readiness", _LEVELS)},
        "Interactions": [_interaction(deals, deal, at) for at in _interactions(deals, deal, lived)],
        "QualificationStatus": "Qualified" if deal.is_converted else _pick(deals, deal, "status", ("New", "Working")),
    }


def _interaction(deals: Deals, deal: Deal, at: int) -> Json:
    first, last = words.PEOPLE[at // BETWEEN % len(words.PEOPLE)]
    host = deals.account(deal)["WebsiteUrl"].removeprefix("https://www.")
    return {
        "BusinessProblem": _pick(deals, deal, "problem", words.PROBLEMS),
        "Contact": {
            "BusinessTitle": "IT Manager",
            "Email": f"{first}.{last}@{host}".lower(),
            "FirstName": first,
            "LastName": last,
            "Phone": f"+1555{deal.number % 10_000_000:07d}",
        },
        "CustomerAction": "Registered",
        "InteractionDate": deals.text(at),
        "SourceId": f"C-{at // BETWEEN % 1000}",
        "SourceName": "Cloud days",
        "SourceType": _pick(deals, deal, "source", _SOURCES),
        "Usecase": _pick(deals, deal, "use case", words.USE_CASES),
    }


def _prospecting(deals: Deals, deal: Deal, _lived: int) -> Json:
    account, since = deals.account(deal), deal.lead_since or 0
    task = deals.draws.identifier("task-", 14, "prospecting", deal.number)
    return {
        "Aws": {
            "Customer": {
                "AccountName": account["CompanyName"],
                "Country": account["Address"]["CountryCode"],
                "EligiblePrograms": ["Migration Acceleration Program"],
                "Industry": account["Industry"],
            },
            "EndTime": deals.text(since + DAY),
            "Insights": {"MarketplaceEngagementScore": _pick(deals, deal, "marketplace", _LEVELS)},
            "StartTime": deals.text(since),
            "TaskArn": deals.arn("prospecting-from-engagement-task", task),
            "TaskId": task,
            "TaskName": f"Prospecting {deal.number}",
        }
    }


def _account_plan(deals: Deals, deal: Deal, _lived: int) -> Json:
    account = deals.account(deal)
    return {
        "AccountIdentifier": deals.draws.identifier("cust-acc-", 13, "account plan", deal.number),
        "Customer": {
            "CompanyName": account["CompanyName"],
            "CountryCode": account["Address"]["CountryCode"],
            "Industry": account["Industry"],
            "WebsiteUrl": account["WebsiteUrl"],
        },
    }


def _pick(deals: Deals, deal: Deal, purpose: str, values: tuple[str, ...]) -> str:
    return values[int(len(values) * deals.share(purpose, deal))]
