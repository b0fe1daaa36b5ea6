"""The collections of a catalog by stream, and the operations that list them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ..clock import Clock
from .collection import Collection, Planned, View
from .deals import Deals
from .engagements import associations, engagements
from .invitations import invitations
from .members import Members
from .pager import Pager
from .records import Json
from .tasks import (
    engagement_by_accepting_invitation_tasks,
    engagement_from_opportunity_tasks,
    opportunity_from_engagement_tasks,
    solutions,
)


class Kind(NamedTuple):
    """The records of a stream.

    Attributes:
        plan: Yields the records that exist at a time.
        operations: The operations that show them, each with the shape of a record. The first shows all of it.
        key: The members that identify a record; with two, its identifier is both with a slash between.
    """

    plan: Callable[[Deals, int], Iterator[Planned]]
    operations: dict[str, str]
    key: tuple[str, ...] = ("Id",)


KINDS = {
    "engagement_by_accepting_invitation_tasks": Kind(
        engagement_by_accepting_invitation_tasks,
        {"ListEngagementByAcceptingInvitationTasks": "ListEngagementByAcceptingInvitationTaskSummary"},
        ("TaskId",),
    ),
    "engagement_from_opportunity_tasks": Kind(
        engagement_from_opportunity_tasks,
        {"ListEngagementFromOpportunityTasks": "ListEngagementFromOpportunityTaskSummary"},
        ("TaskId",),
    ),
    "engagement_invitations": Kind(invitations, {"ListEngagementInvitations": "EngagementInvitationSummary"}),
    "engagement_resource_associations": Kind(
        associations,
        {"ListEngagementResourceAssociations": "EngagementResourceAssociationSummary"},
        ("EngagementId", "ResourceId"),
    ),
    "engagements": Kind(
        engagements,
        {
            "GetEngagement": "GetEngagementResponse",
            "ListEngagements": "EngagementSummary",
            "SearchEngagements": "EngagementSearchSummary",
        },
    ),
    "opportunity_from_engagement_tasks": Kind(
        opportunity_from_engagement_tasks,
        {"ListOpportunityFromEngagementTasks": "ListOpportunityFromEngagementTaskSummary"},
        ("TaskId",),
    ),
    "solutions": Kind(solutions, {"ListSolutions": "SolutionBase"}),
}


class Collections:
    """The collections of a catalog. The caller holds the lock.

    Attributes:
        streams: Each collection by the name of its stream.
        views: The pages of each operation.
        members: The members of the engagements.
    """

    def __init__(self, deals: Deals, clock: Clock, pager: Callable[[], Pager]) -> None:
        self.streams: dict[str, Collection] = {}
        self.views: dict[str, View] = {}
        for stream, kind in KINDS.items():
            collection = _collection(kind, deals, clock)
            self.streams[stream] = collection
            for operation, shape in kind.operations.items():
                self.views[operation] = collection.view(pager(), shape)
        self.members = Members(self.streams["engagements"], pager())


def _collection(kind: Kind, deals: Deals, clock: Clock) -> Collection:
    def plan() -> Iterable[Planned]:
        return kind.plan(deals, clock.lived)

    def state() -> object:
        return clock.lived, deals.store.version

    def key(record: Json) -> str:
        return "/".join(str(record[name]) for name in kind.key)

    return Collection(plan, state, key)
