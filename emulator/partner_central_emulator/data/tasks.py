"""Tasks that link opportunities, engagements and invitations, and the solutions that a partner offers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from . import words
from .collection import Planned
from .deals import Deal, Deals
from .invitations import is_lead_of_aws
from .records import Json

_FAILED: Final = {
    "Message": "The opportunity lacks what a submission needs.",
    "ReasonCode": "OpportunityValidationFailed",
    "TaskStatus": "FAILED",
}


def engagement_from_opportunity_tasks(deals: Deals, lived: int) -> Iterator[Planned]:
    """Yields the tasks by which the partner shared opportunities with AWS. A few have failed."""
    for deal in deals.shared(lived):
        task = _task(deals, deal, "engagement-from-opportunity-task", deal.began)
        task |= {"OpportunityId": deal.opportunity}
        if deal.is_failed:
            task |= _FAILED
        else:
            task |= {
                "EngagementId": deals.identifier("eng", "deal", deal),
                "EngagementInvitationId": deals.identifier("engi", "out", deal),
                "ResourceSnapshotJobId": deals.identifier("job", "out", deal),
            }
        yield _planned(task)


def engagement_by_accepting_invitation_tasks(deals: Deals, lived: int) -> Iterator[Planned]:
    """Yields the tasks by which the partner accepted invitations. For a lead, there is no opportunity."""
    kind = "engagement-by-accepting-invitation-task"
    for deal in deals:
        if deal.is_referral:
            task = _task(deals, deal, kind, deal.created)
            yield _planned(
                task
                | {
                    "EngagementInvitationId": deals.identifier("engi", "in", deal),
                    "OpportunityId": deal.opportunity,
                    "ResourceSnapshotJobId": deals.identifier("job", "in", deal),
                }
            )
        if deal.lead_since is not None and deal.lead_since <= lived and is_lead_of_aws(deals, deal):
            task = _task(deals, deal, f"{kind}-lead", deal.lead_since)
            yield _planned(task | {"EngagementInvitationId": deals.identifier("engi", "lead", deal)})


def opportunity_from_engagement_tasks(deals: Deals, _lived: int) -> Iterator[Planned]:
    """Yields the tasks by which leads became opportunities."""
    for deal in deals:
        if deal.is_converted:
            task = _task(deals, deal, "opportunity-from-engagement-task", deal.created)
            yield _planned(
                task
                | {
                    "ContextId": "1",
                    "EngagementId": deals.identifier("eng", "lead", deal),
                    "OpportunityId": deal.opportunity,
                    "ResourceSnapshotJobId": deals.identifier("job", "lead", deal),
                }
            )


def solutions(deals: Deals, _lived: int) -> Iterator[Planned]:
    """Yields the partner's solutions; a catalog without invented opportunities has none."""
    for one in words.SOLUTIONS if deals.store.invented else ():
        record = {
            "Arn": None,
            "AwsMarketplaceSolutionArn": one.marketplace_arn,
            "Catalog": deals.store.recipe.catalog,
            "Category": one.category,
            "CreatedDate": one.created,
            "Id": one.id,
            "Name": one.name,
            "Status": one.status,
        }
        yield Planned(one.id, record, record.copy)


def _task(deals: Deals, deal: Deal, kind: str, at: int) -> Json:
    identifier = deals.identifier("task", kind, deal)
    return {
        "EngagementId": None,
        "EngagementInvitationId": None,
        "OpportunityId": None,
        "StartTime": deals.text(at),
        "TaskArn": deals.arn(kind.removesuffix("-lead"), identifier),
        "TaskId": identifier,
        "TaskStatus": "COMPLETE",
    }


def _planned(task: Json) -> Planned:
    return Planned(task["TaskId"], task, task.copy)
