"""The streams, in the order they are read, and the names by which they are chosen."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from ..errors import ConfigurationError
from ..stream import Stream
from .aws_opportunity_summaries import AWS_OPPORTUNITY_SUMMARIES
from .engagement_invitations import ENGAGEMENT_INVITATIONS
from .engagement_members import ENGAGEMENT_MEMBERS
from .engagement_resource_associations import ENGAGEMENT_RESOURCE_ASSOCIATIONS
from .engagements import ENGAGEMENTS
from .opportunities import OPPORTUNITIES
from .opportunity_details import OPPORTUNITY_DETAILS
from .opportunity_search import OPPORTUNITY_SEARCH_SUMMARIES
from .solutions import SOLUTIONS
from .tasks import (
    ENGAGEMENT_BY_ACCEPTING_INVITATION_TASKS,
    ENGAGEMENT_FROM_OPPORTUNITY_TASKS,
    OPPORTUNITY_FROM_ENGAGEMENT_TASKS,
)

SPINE = OPPORTUNITIES  # always read, and first; that it fails is a failure of the run
DEFAULT = ("bulk",)
NO_TABLE = f"tables names no table. For the opportunities alone, it is {SPINE.table}; for the default, {DEFAULT[0]}."
IN_BULK: tuple[Stream, ...] = (
    SPINE,
    OPPORTUNITY_SEARCH_SUMMARIES,
    ENGAGEMENT_INVITATIONS,
    ENGAGEMENTS,
    ENGAGEMENT_RESOURCE_ASSOCIATIONS,
    ENGAGEMENT_FROM_OPPORTUNITY_TASKS,
    ENGAGEMENT_BY_ACCEPTING_INVITATION_TASKS,
    OPPORTUNITY_FROM_ENGAGEMENT_TASKS,
    SOLUTIONS,
)
STREAMS: tuple[Stream, ...] = (
    *IN_BULK,
    OPPORTUNITY_DETAILS,
    AWS_OPPORTUNITY_SUMMARIES,
    ENGAGEMENT_MEMBERS,
)
GROUPS: dict[str, tuple[Stream, ...]] = {"bulk": IN_BULK, "all": STREAMS}


def choose(tables: Collection[str]) -> tuple[Stream, ...]:
    """Returns the streams that tables or groups name, in the order they are read.

    Raises:
        ConfigurationError: there is no such table or group, or none is named.
    """
    if not tables:
        raise ConfigurationError(NO_TABLE)
    named: dict[str, tuple[Stream, ...]] = {stream.table: (stream,) for stream in STREAMS} | GROUPS
    chosen: set[Stream] = set()
    for name in tables:
        if name not in named:
            close = get_close_matches(name, named, n=1)
            hint = f"Did you mean {close[0]}?" if close else f"There are: {', '.join(named)}."
            raise ConfigurationError(f"tables has no value {name!r}. {hint}")
        chosen.update(named[name])
    return tuple(stream for stream in STREAMS if stream in chosen)
