"""Invitations to engagements, sent and received: referrals from AWS, and what the partner shares.

They lapse without moving a date, so the list is read whole.
https://docs.aws.amazon.com/partner-central/latest/APIReference/API_ListEngagementInvitations.html
"""

from __future__ import annotations

from ..list_stream import WholeListStream
from ..operation import List
from ..tables.history import UndatedHistoryRules
from ..tables.record import UndatedMembers

ENGAGEMENT_INVITATIONS = WholeListStream(
    table="engagement_invitations",
    singular="engagement_invitation",
    operation=List("ListEngagementInvitations", records="EngagementInvitationSummaries", may_be_absent=True),
    requests=({"ParticipantType": "RECEIVER"}, {"ParticipantType": "SENDER"}),
    sort_by="InvitationDate",
    members=UndatedMembers(),
    personal=("EngagementTitle", "SenderCompanyName", "Receiver.Account.Alias"),
    not_personal={
        "Receiver.Account.AwsAccountId": "the account of a partner or of AWS, by which invitations are told apart",
        "SenderAwsAccountId": "the account of a partner or of AWS, by which invitations are told apart",
    },
    plain=(
        "Arn",
        "Catalog",
        "EngagementId",
        "ExpirationDate",
        "Id",
        "InvitationDate",
        "ParticipantType",
        "PayloadType",
        "Status",
    ),
    history=UndatedHistoryRules(
        content=(
            "arn",
            "catalog",
            "engagement_id",
            "engagement_title",
            "expiration_date",
            "invitation_date",
            "participant_type",
            "payload_type",
            "receiver_alias",
            "receiver_aws_account_id",
            "sender_aws_account_id",
            "sender_company_name",
            "status",
        ),
    ),
)
