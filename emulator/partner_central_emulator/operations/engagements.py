"""Engagements: lists, search, one in detail, its members, and the opportunities that belong to engagements."""

from __future__ import annotations

from typing import Any

from ..data.catalog import Catalog
from ..data.engagement_search import KEYS
from ..data.query import PageRequest
from .operation import Operation, RecordPage, SingleRecord
from .paging import fingerprint, listing, searching

MEMBERS_PAGE = 10


def get_engagement(catalog: Catalog, request: dict[str, Any]) -> SingleRecord:
    """Returns one engagement with its contexts.

    Raises:
        ServiceError: `ResourceNotFoundException`; the engagement does not exist or is not visible.
    """
    return SingleRecord(catalog.collection_record("GetEngagement", request["Identifier"]))


def list_members(catalog: Catalog, request: dict[str, Any]) -> RecordPage:
    """Returns one page of the members of an engagement.

    Raises:
        ServiceError: `ResourceNotFoundException`; the engagement does not exist or is not visible.
    """
    page = PageRequest(
        descending=False,
        page=request.get("MaxResults") or MEMBERS_PAGE,
        token=request.get("NextToken"),
        fingerprint=fingerprint(request),
    )
    name = "ListEngagementMembers"
    return RecordPage("EngagementMemberList", *catalog.members_page(name, request["Identifier"], page))


OPERATIONS = (
    Operation("GetEngagement", get_engagement),
    Operation("ListEngagementMembers", list_members),
    searching("SearchEngagements", "EngagementSearchSummaries", keys=KEYS, default="CreatedAt"),
    listing(
        "ListEngagements",
        "EngagementSummaryList",
        filters={"ContextTypes": "ContextTypes", "CreatedBy": "CreatedBy", "EngagementIdentifier": "Id"},
        excludes={"ExcludeContextTypes": "ContextTypes", "ExcludeCreatedBy": "CreatedBy"},
        sorts={"CreatedDate": "CreatedAt"},
    ),
    listing(
        "ListEngagementResourceAssociations",
        "EngagementResourceAssociationSummaries",
        filters={
            "CreatedBy": "CreatedBy",
            "EngagementIdentifier": "EngagementId",
            "ResourceIdentifier": "ResourceId",
            "ResourceType": "ResourceType",
        },
        sorts={"EngagementId": "EngagementId"},
    ),
)
