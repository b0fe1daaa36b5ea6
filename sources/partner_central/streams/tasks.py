"""The tasks that link opportunities, engagements and invitations.

AWS has a list for each of the three ways to begin one:
https://docs.aws.amazon.com/partner-central/latest/APIReference/API_ListEngagementFromOpportunityTasks.html
https://docs.aws.amazon.com/partner-central/latest/APIReference/API_ListEngagementByAcceptingInvitationTasks.html
https://docs.aws.amazon.com/partner-central/latest/APIReference/API_ListOpportunityFromEngagementTasks.html
"""

from __future__ import annotations

from ..list_stream import WholeListStream
from ..operation import List
from ..tables.record import UndatedMembers

PAGE_SIZE = 1000
OF_EVERY_TASK = (
    "Message",
    "OpportunityId",
    "ReasonCode",
    "ResourceSnapshotJobId",
    "StartTime",
    "TaskArn",
    "TaskId",
    "TaskStatus",
)


def _tasks(singular: str, operation: str, *members: str) -> WholeListStream:
    return WholeListStream(
        table=f"{singular}s",
        singular=singular,
        operation=List(operation, records="TaskSummaries", page_size=PAGE_SIZE, may_be_absent=True),
        sort_by="StartTime",
        members=UndatedMembers(key="TaskId"),
        plain=(*OF_EVERY_TASK, *members),
    )


ENGAGEMENT_FROM_OPPORTUNITY_TASKS = _tasks(
    "engagement_from_opportunity_task", "ListEngagementFromOpportunityTasks", "EngagementId", "EngagementInvitationId"
)
ENGAGEMENT_BY_ACCEPTING_INVITATION_TASKS = _tasks(
    "engagement_by_accepting_invitation_task", "ListEngagementByAcceptingInvitationTasks", "EngagementInvitationId"
)
OPPORTUNITY_FROM_ENGAGEMENT_TASKS = _tasks(
    "opportunity_from_engagement_task", "ListOpportunityFromEngagementTasks", "ContextId", "EngagementId"
)
