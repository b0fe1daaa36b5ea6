"""Links of engagements with the opportunities in them.

AWS lists an association if the caller is a member of the engagement and shares a snapshot there.
https://docs.aws.amazon.com/partner-central/latest/APIReference/API_ListEngagementResourceAssociations.html
"""

from __future__ import annotations

from ..list_stream import WholeListStream
from ..operation import List
from ..tables.record import UndatedMembers

ENGAGEMENT_RESOURCE_ASSOCIATIONS = WholeListStream(
    table="engagement_resource_associations",
    singular="engagement_resource_association",
    operation=List(
        "ListEngagementResourceAssociations", records="EngagementResourceAssociationSummaries", page_size=1000
    ),
    members=UndatedMembers(key_parts=("EngagementId", "ResourceType", "ResourceId")),
    not_personal={"CreatedBy": "the account of a partner or of AWS, by which shared opportunities are told apart"},
    plain=(
        "Catalog",
        "EngagementId",
        "ResourceId",
        "ResourceType",
    ),
)
