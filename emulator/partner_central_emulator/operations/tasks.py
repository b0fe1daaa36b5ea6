"""The three lists of tasks that link opportunities, engagements and invitations."""

from __future__ import annotations

from .paging import listing

_COMMON = {"OpportunityIdentifier": "OpportunityId", "TaskIdentifier": "TaskId", "TaskStatus": "TaskStatus"}
_ENGAGEMENT = {"EngagementIdentifier": "EngagementId"}
_STARTED = {"StartTime": "StartTime"}

OPERATIONS = (
    listing("ListEngagementFromOpportunityTasks", "TaskSummaries", filters={**_COMMON, **_ENGAGEMENT}, sorts=_STARTED),
    listing(
        "ListEngagementByAcceptingInvitationTasks",
        "TaskSummaries",
        filters={**_COMMON, "EngagementInvitationIdentifier": "EngagementInvitationId"},
        sorts=_STARTED,
    ),
    listing(
        "ListOpportunityFromEngagementTasks",
        "TaskSummaries",
        filters={**_COMMON, **_ENGAGEMENT, "ContextIdentifier": "ContextId"},
        sorts=_STARTED,
    ),
)
