"""Snowflake, with dlt's own client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .base import Adapter

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(frozen=True)
class SnowflakeAdapter(Adapter):
    """Snowflake."""

    def adapt_view(self, query: exp.Expr) -> None:
        """Replaces sums of a date and a number, which the number's type may forbid."""
        from .add_days import add_days_by_function

        add_days_by_function(query)


ADAPTERS = (
    SnowflakeAdapter(
        "snowflake",
        drivers=("snowflake.",),
        commands=frozenset({"SHOW", "DESCRIBE", "DESC", "EXPLAIN"}),
        outside=frozenset({"->>"}),  # hands the result of one statement to another, of any kind
        view_store="warehouses.SnowflakeViews",
        out_of_reach="Time Travel (DATA_RETENTION_TIME_IN_DAYS of the tables), then seven days of Fail-safe; files in "
        "stages; clones; the query history",
    ),
)
