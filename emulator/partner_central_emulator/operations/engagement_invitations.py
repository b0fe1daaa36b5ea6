"""Invitations to engagements, sent or received: `ListEngagementInvitations`."""

from __future__ import annotations

from .paging import listing

OPERATIONS = (
    listing(
        "ListEngagementInvitations",
        "EngagementInvitationSummaries",
        filters={
            "EngagementIdentifier": "EngagementId",
            "ParticipantType": "ParticipantType",
            "PayloadType": "PayloadType",
            "SenderAwsAccountId": "SenderAwsAccountId",
            "Status": "Status",
        },
        sorts={"InvitationDate": "InvitationDate"},
    ),
)
