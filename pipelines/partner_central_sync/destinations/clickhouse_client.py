"""The client for ClickHouse, which sends a statement whole.

dlt's takes every semicolon for the end of a statement, also one in a text. The views have such texts: in their
comments, and between names that are joined.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.schema import Schema
from dlt.destinations.impl.clickhouse.clickhouse import ClickHouseClient
from dlt.destinations.impl.clickhouse.configuration import ClickHouseClientConfiguration
from dlt.destinations.impl.clickhouse.sql_client import ClickHouseSqlClient

from .clickhouse import hide_semicolons


class WholeStatementsSqlClient(ClickHouseSqlClient):
    """dlt's SQL client for ClickHouse, with semicolons in texts."""

    @contextmanager
    def execute_query(self, query: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:  # noqa: ANN401 - dlt's own
        """Runs a query, in whose texts dlt sees no semicolon."""
        with super().execute_query(hide_semicolons(query), *args, **kwargs) as cursor:
            yield cursor


class WholeStatementsClient(ClickHouseClient):
    """dlt's client for ClickHouse, with that SQL client."""

    def __init__(
        self, schema: Schema, config: ClickHouseClientConfiguration, capabilities: DestinationCapabilitiesContext
    ) -> None:
        super().__init__(schema, config, capabilities)
        names = self.create_dataset_names(schema, config)
        self.sql_client: WholeStatementsSqlClient = WholeStatementsSqlClient(
            *names, [*schema.tables], config.credentials, capabilities, config
        )
