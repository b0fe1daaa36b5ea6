"""The members of each engagement: AWS and the partners that work on it together.

A call for ten members. The row of whoever has left was read before the engagement itself was; a sync deletes it.
https://docs.aws.amazon.com/partner-central/latest/APIReference/API_ListEngagementMembers.html
"""

from __future__ import annotations

from ..operation import Get
from ..per_id_stream import Parent, PerIdStream
from ..tables.record import UndatedMembers
from .engagements import ENGAGEMENTS

PAGE_SIZE = 10

ENGAGEMENT_MEMBERS = PerIdStream(
    table="engagement_members",
    singular="engagement_member",
    operation=Get("ListEngagementMembers", records="EngagementMemberList", page_size=PAGE_SIZE),
    parent=Parent(ENGAGEMENTS, modified="modified_at", created="created_at"),
    id_member="EngagementId",
    members=UndatedMembers(key_parts=("EngagementId", "AccountId")),
    personal=("CompanyName", "WebsiteUrl"),
    not_personal={"AccountId": "the account of a partner or of AWS, by which members are told apart"},
    plain=("EngagementId",),
)
