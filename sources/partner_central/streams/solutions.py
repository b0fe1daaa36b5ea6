"""The partner's solutions, which opportunities name by their id.

https://docs.aws.amazon.com/partner-central/latest/APIReference/API_ListSolutions.html
"""

from __future__ import annotations

from ..list_stream import WholeListStream
from ..operation import List
from ..tables.record import UndatedMembers

SOLUTIONS = WholeListStream(
    table="solutions",
    singular="solution",
    operation=List("ListSolutions", records="SolutionSummaries"),
    sort_by="CreatedDate",
    members=UndatedMembers(),
    plain=(
        "Arn",
        "AwsMarketplaceSolutionArn",
        "Catalog",
        "Category",
        "CreatedDate",
        "Id",
        "Name",
        "Status",
    ),
)
