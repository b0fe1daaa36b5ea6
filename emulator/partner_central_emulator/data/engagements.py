"""Engagements: of deals and of leads, with their contexts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..clock import DAY
from . import words
from .collection import Planned
from .deals import ACCOUNT, AWS, Deal, Deals
from .invitations import TITLE_AT_MOST, is_lead_of_aws
from .leads import lead_contexts, lead_types, newest_interaction
from .members import accounts_of
from .records import Json, date_of

PROJECT: Final = "CustomerProject"


def engagements(deals: Deals, lived: int) -> Iterator[Planned]:
    """Yields the engagements that exist at a time, as they are then."""
    for deal in deals:
        if deal.is_referral and deal.began <= lived:
            yield _of_deal(deals, deal, (AWS, ACCOUNT), lived)
        if deal.lead_since is not None and deal.lead_since <= lived:
            yield _of_lead(deals, deal, lived)
    for deal in deals.shared(lived):
        if not deal.is_failed:
            joined = deal.answered <= lived and not deal.is_refused
            yield _of_deal(deals, deal, (ACCOUNT, AWS) if joined else (ACCOUNT,), lived)


def associations(deals: Deals, lived: int) -> Iterator[Planned]:
    """Yields which opportunity belongs to which engagement at a time."""
    for deal in deals:
        if deal.is_referral:
            yield _association(deals, deal, "deal")
        elif deal.is_converted:
            yield _association(deals, deal, "lead")
    for deal in deals.shared(lived):
        if not deal.is_failed:
            yield _association(deals, deal, "deal")


def _association(deals: Deals, deal: Deal, purpose: str) -> Planned:
    engagement = deals.identifier("eng", purpose, deal)
    record = {
        "Catalog": deals.store.recipe.catalog,
        "CreatedBy": ACCOUNT,
        "EngagementId": engagement,
        "ResourceId": deal.opportunity,
        "ResourceType": "Opportunity",
    }
    return Planned(f"{engagement}/{deal.opportunity}", record, record.copy)


def _of_deal(deals: Deals, deal: Deal, sides: tuple[str, ...], lived: int) -> Planned:
    head = _head(deals, deals.identifier("eng", "deal", deal), deal.began, sides[0])
    head |= {"ContextTypes": [PROJECT], **_members(deals, head["Id"], sides, deal.began, lived)}

    def make() -> Json:
        return {**head, "Title": deals.title(deal)[:TITLE_AT_MOST], "Contexts": [_project(deals, deal)]}

    return Planned(head["Id"], head, make)


def _of_lead(deals: Deals, deal: Deal, lived: int) -> Planned:
    since = deal.lead_since or 0
    creator = AWS if is_lead_of_aws(deals, deal) else ACCOUNT
    head = _head(deals, deals.identifier("eng", "lead", deal), since, creator)
    sides = (AWS, ACCOUNT) if creator == AWS else (ACCOUNT,)
    head |= {"ContextTypes": lead_types(deals, deal), **_members(deals, head["Id"], sides, since, lived)}
    newest = newest_interaction(deals, deal, lived)
    if newest > since:
        head |= {"ModifiedAt": deals.text(newest), "ModifiedBy": creator}

    def make() -> Json:
        title = f"Lead: {deals.account(deal)['CompanyName']}"[:TITLE_AT_MOST]
        return {**head, "Title": title, "Contexts": lead_contexts(deals, deal, lived)}

    return Planned(head["Id"], head, make)


def _members(deals: Deals, engagement: str, sides: tuple[str, ...], began: int, lived: int) -> Json:
    accounts = accounts_of(deals.draws, engagement, sides, began, lived)
    return {"MemberCount": len(accounts), "Members": accounts}


def _head(deals: Deals, identifier: str, at: int, creator: str) -> Json:
    return {
        "Arn": deals.arn("engagement", identifier),
        "CreatedAt": deals.text(at),
        "CreatedBy": creator,
        "Description": words.PROBLEMS[at % len(words.PROBLEMS)],
        "Id": identifier,
        "ModifiedAt": deals.text(at),
        "ModifiedBy": creator,
    }


def _project(deals: Deals, deal: Deal) -> Json:
    account = deals.account(deal)
    return {
        "Id": "1",
        "Payload": {
            PROJECT: {
                "Customer": {
                    "CompanyName": account["CompanyName"],
                    "CountryCode": account["Address"]["CountryCode"],
                    "Industry": account["Industry"],
                    "WebsiteUrl": account["WebsiteUrl"],
                },
                "Project": {
                    "BusinessProblem": deals.details(deal)["Project"]["CustomerBusinessProblem"],
                    "TargetCompletionDate": date_of(deal.created + 120 * DAY),
                    "Title": deals.title(deal),
                },
            }
        },
        "Type": PROJECT,
    }
