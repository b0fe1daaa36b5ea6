"""Engagements: `ListEngagements`, `GetEngagement`, `SearchEngagements` and `ListEngagementResourceAssociations`."""

from __future__ import annotations

from typing import Any

from ..data.catalog import Catalog
from ..data.engagement_search import KEYS
from .operation import Operation, SingleRecord
from .paging import listing, searching


def get_engagement(catalog: Catalog, request: dict[str, Any]) -> SingleRecord:
    """Returns one engagement with its contexts.

    Raises:
        ServiceError: `ResourceNotFoundException`; the engagement does not exist or is not visible.
    """
    return SingleRecord(catalog.collection_record("GetEngagement", request["Identifier"]))


OPERATIONS = (
    Operation("GetEngagement", get_engagement),
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
