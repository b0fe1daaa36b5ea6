"""The partner's solutions: `ListSolutions`."""

from __future__ import annotations

from .paging import listing

OPERATIONS = (
    listing(
        "ListSolutions",
        "SolutionSummaries",
        filters={
            "AwsMarketplaceSolutionArn": "AwsMarketplaceSolutionArn",
            "Category": "Category",
            "Identifier": "Id",
            "Status": "Status",
        },
        sorts={
            "CreatedDate": "CreatedDate",
            "Category": "Category",
            "Identifier": "Id",
            "Name": "Name",
            "Status": "Status",
        },
    ),
)
