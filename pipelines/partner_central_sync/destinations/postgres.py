"""PostgreSQL, with the schema's descriptions as comments."""

from __future__ import annotations

from dlt.destinations import postgres as dlt_postgres
from dlt.destinations.impl.postgres.postgres import PostgresClient

from .column_comments import WithColumnComments


class CommentedPostgresClient(WithColumnComments, PostgresClient):
    """dlt's client for PostgreSQL, with comments."""


class postgres(dlt_postgres):  # noqa: N801 - the class name is the name of its configuration section
    """dlt's `postgres` destination and settings. It loads by INSERT: CSV, for COPY, has no null beside empty text."""

    @property
    def client_class(self) -> type[PostgresClient]:
        """The client dlt loads with."""
        return CommentedPostgresClient
