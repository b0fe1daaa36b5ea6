"""Invitations to engagements: sent by AWS or by the partner, accepted, rejected, waiting or lapsed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..clock import DAY, HOUR
from .collection import Planned
from .deals import ACCOUNT, AWS, EXPIRES_AFTER, Deal, Deals
from .records import Json

TITLE_AT_MOST: Final = 40


def invitations(deals: Deals, lived: int) -> Iterator[Planned]:
    """Yields the invitations that exist at a time, with the status they have then.

    An invitation that nobody answers lapses after 15 days. No date moves then.
    """
    for deal in deals:
        if deal.is_referral and deal.began <= lived:
            yield _received(deals, deal, "in", deal.began, "ACCEPTED", "OpportunityInvitation")
        if deal.lead_since is not None and deal.lead_since <= lived and is_lead_of_aws(deals, deal):
            yield _received(deals, deal, "lead", deal.lead_since, "ACCEPTED", "LeadInvitation")
        if deal.other_since is not None and deal.other_since <= lived:
            status = _fate(deals, deal, lived - deal.other_since)
            payload = _other_payload(deals, deal)
            yield _received(deals, deal, "other", deal.other_since, status, payload)
    for deal in deals.shared(lived):
        if not deal.is_failed:
            yield _sent(deals, deal, lived)


def is_lead_of_aws(deals: Deals, deal: Deal) -> bool:
    """Returns whether AWS sent a deal's lead; otherwise it is the partner's own."""
    return deals.chance(0.5, "lead of aws", deal)


def _other_payload(deals: Deals, deal: Deal) -> str:
    if deals.chance(0.75, "other kind", deal):
        return "OpportunityInvitation"
    return "LeadInvitation" if deals.chance(0.6, "other lead", deal) else "AccountPlanningInvitation"


def _fate(deals: Deals, deal: Deal, age: int) -> str:
    if deals.chance(0.4, "rejected", deal) and age >= HOUR + int(10 * DAY * deals.share("reject after", deal)):
        return "REJECTED"
    return "EXPIRED" if age >= EXPIRES_AFTER else "PENDING"


def _received(deals: Deals, deal: Deal, purpose: str, at: int, status: str, payload: str) -> Planned:
    engagement = deals.identifier("eng", "lead" if purpose == "lead" else "deal", deal)
    head = {
        **_head(deals, deals.identifier("engi", purpose, deal), at, status, payload),
        "EngagementId": engagement if status == "ACCEPTED" else None,
        "ParticipantType": "RECEIVER",
        "Receiver": {"Account": {"Alias": "Example Partner", "AwsAccountId": ACCOUNT}},
        "SenderAwsAccountId": AWS,
        "SenderCompanyName": "AWS",
    }
    return _planned(deals, deal, head)


def _sent(deals: Deals, deal: Deal, lived: int) -> Planned:
    answer = "REJECTED" if deal.is_refused else "ACCEPTED"
    status = answer if deal.answered <= lived else "PENDING"
    head = {
        **_head(deals, deals.identifier("engi", "out", deal), deal.began, status, "OpportunityInvitation"),
        "EngagementId": deals.identifier("eng", "deal", deal),
        "ParticipantType": "SENDER",
        "Receiver": {"Account": {"Alias": "AWS", "AwsAccountId": AWS}},
        "SenderAwsAccountId": ACCOUNT,
        "SenderCompanyName": "Example Partner",
    }
    return _planned(deals, deal, head)


def _head(deals: Deals, identifier: str, at: int, status: str, payload: str) -> Json:
    return {
        "Arn": deals.arn("engagement-invitation", identifier),
        "Catalog": deals.store.recipe.catalog,
        "ExpirationDate": deals.text(at + EXPIRES_AFTER),
        "Id": identifier,
        "InvitationDate": deals.text(at),
        "PayloadType": payload,
        "Status": status,
    }


def _planned(deals: Deals, deal: Deal, head: Json) -> Planned:
    return Planned(head["Id"], head, lambda: {**head, "EngagementTitle": deals.title(deal)[:TITLE_AT_MOST]})
