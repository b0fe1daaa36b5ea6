"""The client for PostgreSQL, which waits for a lock for a limited time only.

A column that is added waits until every reader of the table is done, and every later reader waits in turn. So such a
change waits for seconds. What no reader waits for, such as rows that are merged, waits longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.schema import Schema, TSchemaTables
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.destinations.impl.postgres.configuration import PostgresClientConfiguration
from dlt.destinations.impl.postgres.postgres import PostgresClient
from dlt.destinations.impl.postgres.sql_client import Psycopg2SqlClient

from .column_comments import WithColumnComments

LONGEST_WAIT, LONGEST_WAIT_FOR_A_TABLE = "5min", "10s"


class LimitedSqlClient(Psycopg2SqlClient):
    """dlt's SQL client for PostgreSQL, with a limit to the time that it waits for a lock."""

    @contextmanager
    def changing_tables(self) -> Iterator[None]:
        """Waits less within: others wait behind a change of a table."""
        self.execute_sql(f"SET lock_timeout = '{LONGEST_WAIT_FOR_A_TABLE}'")
        try:
            yield
        finally:
            with suppress(Exception):  # the connection may be gone; a new one has its own limit
                self.execute_sql(f"SET lock_timeout = '{LONGEST_WAIT}'")

    def _reset_connection(self) -> None:
        """Resets what the session was set to, and sets the limit, unless the user's own settings have one."""
        super()._reset_connection()
        with self._conn.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('lock_timeout', %s, false) WHERE current_setting('lock_timeout') = '0'",
                (LONGEST_WAIT,),
            )


class LimitedPostgresClient(WithColumnComments, PostgresClient):
    """dlt's client for PostgreSQL, with comments of columns and limited waiting."""

    def __init__(
        self, schema: Schema, config: PostgresClientConfiguration, capabilities: DestinationCapabilitiesContext
    ) -> None:
        super().__init__(schema, config, capabilities)
        names = self.create_dataset_names(schema, config)
        self.sql_client: LimitedSqlClient = LimitedSqlClient(*names, config.credentials, capabilities)

    def get_storage_tables(self, table_names: Iterable[str]) -> Iterator[tuple[str, TTableSchemaColumns]]:
        """Yields tables with their columns, but for a user's own with a capital letter, which no load writes to.

        One that differs from a loaded column in nothing else would be taken for a corrupt schema.
        """
        fold = self.capabilities.casefold_identifier
        for table, columns in super().get_storage_tables(table_names):
            yield table, {name: column for name, column in columns.items() if name == fold(name)}

    def update_stored_schema(self, *arguments: Any, **options: Any) -> TSchemaTables | None:  # noqa: ANN401 - dlt's own
        """Creates or extends tables, without making readers wait for long."""
        with self.sql_client.changing_tables():
            return super().update_stored_schema(*arguments, **options)
