"""PostgreSQL, with the schema's descriptions as comments, and what its errors mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

from dlt.common.destination import Destination
from dlt.common.destination.client import JobClientBase
from dlt.common.exceptions import MissingDependencyException
from dlt.destinations import postgres as dlt_postgres
from dlt.destinations.job_client_impl import SqlJobClientBase

from .base import Adapter, explain_login_refusal
from .own_tables import columns_by_table

if TYPE_CHECKING:
    from dlt.destinations.impl.postgres.configuration import PostgresClientConfiguration

    from .postgres_client import LimitedPostgresClient

NO_SUCH_LOGIN = re.compile(r'(role|database) "[^"]+" does not exist', re.IGNORECASE)
DENIED = re.compile(r"permission denied for (?:materialized )?(\w+) \"?([^\s\"]+)|must be owner of (\w+) \"?([^\s\"]+)")
HIDDEN = re.compile(r'relation "([^"]+)" already exists')  # PostgreSQL lists no table without a grant on it
GRANTS = {
    "database": "GRANT CREATE ON DATABASE {name} TO the user that loads: every run that loads something creates a "
    "schema in which its rows are staged, and drops it at its end",
    "schema": "GRANT USAGE, CREATE ON SCHEMA {name} TO the user that loads",
}
LOCK_NOT_AVAILABLE, LOCK_TIMEOUT = "55P03", "canceling statement due to lock timeout"
EXPLAINS = frozenset({"EXPLAIN"})
OUTSIDE = frozenset(
    {"pg_terminate_backend", "pg_cancel_backend", "pg_reload_conf", "pg_rotate_logfile", "pg_switch_wal", "pg_notify"}
    | {"pg_advisory_lock", "pg_advisory_lock_shared", "pg_advisory_xact_lock", "pg_advisory_xact_lock_shared"}
    | {"pg_try_advisory_lock", "pg_try_advisory_lock_shared", "pg_try_advisory_xact_lock", "set_config"}
    | {"pg_try_advisory_xact_lock_shared", "pg_read_file", "pg_read_binary_file", "pg_ls_dir", "pg_stat_file"}
    | {"lo_import", "lo_export", "dblink", "dblink_exec", "dblink_connect", "query_to_xml", "cursor_to_xml"}
)
NOT_GUARANTEED = (
    "Queries are run as the user that loads, in a transaction that is read only. Only a check of their text keeps them "
    "from functions that end sessions, take locks or read the server's files."
)
COLUMNS = """
SELECT c.relname, a.attname, c.relkind NOT IN ('r', 'p')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE n.nspname = %s AND c.relname IN ({places})
"""  # information_schema has only what the user has a grant on
OWNERSHIP = "make the user that loads the owner of {name}: it adds columns to its tables"


class postgres(dlt_postgres):  # noqa: N801 - the class name is the name of its configuration section
    """dlt's `postgres` destination and settings. It loads by INSERT: CSV, for COPY, has no null beside empty text."""

    def configuration(
        self,
        initial_config: PostgresClientConfiguration,
        accept_partial: bool = False,  # noqa: FBT001, FBT002 - dlt's own
    ) -> PostgresClientConfiguration:
        """Returns the configuration; text is sent as UTF-8, whatever user, database or PGCLIENTENCODING set."""
        resolved = super().configuration(initial_config, accept_partial)
        if resolved.credentials:
            resolved.credentials.client_encoding = "UTF8"
        return resolved

    @property
    def client_class(self) -> type[LimitedPostgresClient]:
        """The client dlt loads with."""
        from .postgres_client import LimitedPostgresClient

        return LimitedPostgresClient


@dataclass(frozen=True)
class LibpqAdapter(Adapter):
    """A database that is read through PostgreSQL's own driver."""

    def begin_reading(self, client: SqlJobClientBase) -> None:
        """Begins one snapshot that is read only, with timestamps in UTC."""
        connection = client.sql_client.native_connection
        connection.set_session("REPEATABLE READ", readonly=True, autocommit=False)
        with connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'")

    @contextmanager
    def stream(self, client: SqlJobClientBase, query: str) -> Iterator[Any]:
        """Opens a cursor of the server: the driver's own fetches all rows at once; EXPLAIN has none of the server."""
        name = None if query[:7].upper() == "EXPLAIN" else "partner_central"
        with client.sql_client.native_connection.cursor(name=name) as cursor:
            cursor.execute(query)
            yield cursor


@dataclass(frozen=True)
class PostgresAdapter(LibpqAdapter):
    """PostgreSQL."""

    def own_factory(self) -> type[Destination[Any, Any]]:
        """Returns the factory."""
        if find_spec("psycopg2") is None:
            raise MissingDependencyException(self.name, ["dlt[postgres]"])
        return postgres

    def stored_columns(self, client: JobClientBase, names: Iterable[str]) -> dict[str, set[str]]:
        """Returns the columns of what exists under these names, whoever may see it; none of a view."""
        return columns_by_table(cast("SqlJobClientBase", client), COLUMNS, names)

    def explain_refusal(self, message: str) -> str | None:
        """Returns the grant that is missing, or which credentials to look at."""
        if NO_SUCH_LOGIN.search(message):
            return explain_login_refusal(message)
        if denied := DENIED.search(message):
            kind, name = denied.group(1) or denied.group(3), denied.group(2) or denied.group(4)
            remedy = GRANTS.get(kind, OWNERSHIP).format(name=name.rstrip(";"))
            return f"The destination refuses: {message}. What to do: {remedy} (see docs/how-to/destinations.md)."
        if hidden := HIDDEN.search(message):
            remedy = OWNERSHIP.format(name=hidden.group(1))
            return f"The destination hides the table {hidden.group(1)} from this user. What to do: {remedy}."
        return super().explain_refusal(message)

    def explain_lock(self, message: str, *, writing: bool) -> str | None:
        """Returns what keeps a table from being changed."""
        if not writing or LOCK_TIMEOUT not in message:
            return None
        line = " ".join(message.split())
        return (
            f"Another session of PostgreSQL holds a table for longer than this run waits: {line} It may be a query "
            "that has been open for long, or a change of the table; pg_stat_activity and pg_blocking_pids() show it. "
            "Run this again when it has ended."
        )

    def is_unavailable(self, error: BaseException) -> bool:
        """Returns whether a lock could not be had in time."""
        return getattr(error, "pgcode", None) == LOCK_NOT_AVAILABLE

    def free_blocks(self, client: SqlJobClientBase, tables: Iterable[str]) -> str | None:
        """Rewrites tables without the rows that were deleted, and their statistics."""
        names = sorted(tables)
        for name in names:
            client.sql_client.execute_sql(f"VACUUM (FULL, ANALYZE) {client.sql_client.make_qualified_table_name(name)}")
        return f"free blocks: VACUUM (FULL, ANALYZE) of {', '.join(names)}"


ADAPTERS = (
    PostgresAdapter(
        "postgres",
        commands=EXPLAINS,
        outside=OUTSIDE,
        not_guaranteed=NOT_GUARANTEED,
        has_lasting_credentials=True,
        view_store="libpq.PostgresViews",
        out_of_reach="backups, replicas that lag, the WAL; free blocks of pg_statistic until a superuser vacuums it",
    ),
)
