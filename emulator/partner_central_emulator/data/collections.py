"""The collections of a catalog by stream, and the operations that list them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ..clock import Clock
from .collection import Collection, Planned, View
from .deals import Deals
from .invitations import invitations
from .pager import Pager
from .records import Json


class Kind(NamedTuple):
    """The records of a stream.

    Attributes:
        plan: Yields the records that exist at a time.
        operations: The operations that show them, each with the shape of a record. The first shows all of it.
    """

    plan: Callable[[Deals, int], Iterator[Planned]]
    operations: dict[str, str]
    key: str = "Id"


KINDS = {
    "engagement_invitations": Kind(invitations, {"ListEngagementInvitations": "EngagementInvitationSummary"}),
}


class Collections:
    """The collections of a catalog. The caller holds the lock.

    Attributes:
        streams: Each collection by the name of its stream.
        views: The pages of each operation.
    """

    def __init__(self, deals: Deals, clock: Clock, pager: Callable[[], Pager]) -> None:
        self.streams: dict[str, Collection] = {}
        self.views: dict[str, View] = {}
        for stream, kind in KINDS.items():
            collection = _collection(kind, deals, clock)
            self.streams[stream] = collection
            for operation, shape in kind.operations.items():
                self.views[operation] = collection.view(pager(), shape)


def _collection(kind: Kind, deals: Deals, clock: Clock) -> Collection:
    def plan() -> Iterable[Planned]:
        return kind.plan(deals, clock.lived)

    def state() -> object:
        return clock.lived, deals.store.version

    def key(record: Json) -> str:
        return str(record[kind.key])

    return Collection(plan, state, key)
