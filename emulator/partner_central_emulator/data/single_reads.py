"""The answers of operations that read one record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(slots=True)
class SingleReads:
    """The behavior of the operations that read one record, in every catalog.

    Attributes:
        delay_seconds: How long after its CreatedDate `GetOpportunity` and `GetAwsOpportunitySummary` do not find an
            opportunity, in emulated seconds.
        denied: The identifiers of opportunities and engagements that the caller must not read.
        drafts: The answer to `GetAwsOpportunitySummary` where AWS has no summary. `blank` has the identifier and no
            other value. `not_found` is a `ResourceNotFoundException`.
    """

    delay_seconds: float = 0
    denied: set[str] = field(default_factory=set)
    drafts: Literal["blank", "not_found"] = "blank"
