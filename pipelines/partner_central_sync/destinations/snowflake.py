"""Snowflake, with dlt's own client."""

from __future__ import annotations

from .base import Adapter

ADAPTERS = (
    Adapter(
        "snowflake",
        drivers=("snowflake.",),
        commands=frozenset({"SHOW", "DESCRIBE", "DESC", "EXPLAIN"}),
        outside=frozenset({"->>"}),  # hands the result of one statement to another, of any kind
        view_store="warehouses.SnowflakeViews",
        out_of_reach="Time Travel (DATA_RETENTION_TIME_IN_DAYS of the tables), then seven days of Fail-safe; files in "
        "stages; clones; the query history",
    ),
)
