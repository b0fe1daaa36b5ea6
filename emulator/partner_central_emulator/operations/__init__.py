"""The operations of the emulator: one file a family of operations, one line each in `OPERATIONS`."""

from __future__ import annotations

from typing import Final

from . import engagement_invitations, engagements, opportunities, opportunity_search, solutions, tasks
from .operation import Operation

_FAMILIES: Final = (
    *engagement_invitations.OPERATIONS,
    *engagements.OPERATIONS,
    *opportunities.OPERATIONS,
    *opportunity_search.OPERATIONS,
    *solutions.OPERATIONS,
    *tasks.OPERATIONS,
)
OPERATIONS: Final[dict[str, Operation]] = {operation.name: operation for operation in _FAMILIES}
