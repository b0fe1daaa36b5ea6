"""DuckDB: one file, which one process writes at a time."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dlt.common.destination import Destination, DestinationCapabilitiesContext
from dlt.common.destination.client import JobClientBase
from dlt.common.normalizers.naming import NamingConvention
from dlt.destinations import duckdb as dlt_duckdb
from dlt.destinations.impl.duckdb.configuration import DuckDbClientConfiguration
from dlt.destinations.impl.duckdb.duck import DuckDbClient
from dlt.destinations.job_client_impl import SqlJobClientBase

from .base import Adapter
from .errors import WrongQuery
from .own_tables import columns_by_table
from .statements import ONE_SELECT

if TYPE_CHECKING:
    from .duckdb_client import TypedDuckDbClient

LOCKED = re.compile(r'lock on file "([^"]+)".*Conflicting lock is held in (?:(.+?) \(PID (\d+)\)|PID \d)', re.DOTALL)

COLUMNS = """
SELECT table_name, column_name, table_oid IN (SELECT view_oid FROM duckdb_views())
FROM duckdb_columns()
WHERE database_name = current_database() AND schema_name = %s AND lower(table_name) IN ({places})
"""  # its information_schema, which is made of these, takes twice as long


class duckdb(dlt_duckdb):  # noqa: N801 - the class name is the name of its configuration section
    """dlt's `duckdb` destination and settings, with typed JSON lines as the format it loads from."""

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        capabilities = super()._raw_capabilities()
        capabilities.preferred_loader_file_format = "jsonl"
        return capabilities

    def configuration(
        self,
        initial_config: DuckDbClientConfiguration,
        accept_partial: bool = False,  # noqa: FBT001, FBT002 - dlt's own
    ) -> DuckDbClientConfiguration:
        """Returns the configuration; a path that begins with `~` is below the home folder."""
        resolved = super().configuration(initial_config, accept_partial)
        database = resolved.credentials and resolved.credentials.database
        if isinstance(database, str) and database.startswith(os.path.join(resolved.local_dir, "~")):  # noqa: PTH118
            resolved.credentials.database = os.path.expanduser(os.path.relpath(database, resolved.local_dir))  # noqa: PTH111
        return resolved

    def capabilities(
        self, config: DuckDbClientConfiguration | None = None, naming: NamingConvention | None = None
    ) -> DestinationCapabilitiesContext:
        """Returns the capabilities. They do not depend on the configuration, so dlt need not resolve it for them."""
        return super().capabilities(config or self.spec(), naming)

    @property
    def client_class(self) -> type[TypedDuckDbClient]:
        """The client dlt loads with."""
        from .duckdb_client import TypedDuckDbClient

        return TypedDuckDbClient


@dataclass(frozen=True)
class DuckDbAdapter(Adapter):
    """A DuckDB file, or with `is_one_file` off a database that a service of DuckDB's kind holds."""

    def own_factory(self) -> type[Destination[Any, Any]] | None:
        """Returns the factory of a DuckDB file."""
        return duckdb if self.is_one_file else None

    @contextmanager
    def keep_open(self, client: JobClientBase) -> Iterator[None]:
        """Keeps the file open: dlt opens and closes it for every step of a load, and each time DuckDB tidies it up.

        Raises:
            NotWritable: it cannot be opened for writing now.
        """
        from .errors import translate_open_errors

        connection = cast("DuckDbClient", client).sql_client
        with translate_open_errors():
            connection.open_connection()
        try:
            yield
        finally:
            connection.close_connection()

    def stored_columns(self, client: JobClientBase, names: Iterable[str]) -> dict[str, set[str]]:
        """Returns the columns of what exists under these names, however they are written; none of a view."""
        return columns_by_table(cast("SqlJobClientBase", client), COLUMNS, names)

    def drop_dataset(self, client: SqlJobClientBase, dataset: str) -> None:
        """Drops a schema by its bare name: with the catalog before it, DuckDB may find the name ambiguous."""
        name = client.capabilities.escape_identifier(dataset)
        client.sql_client.execute_sql(f"DROP SCHEMA IF EXISTS {name} CASCADE")

    def display_location(self, client: JobClientBase) -> str:
        """Returns the path of the file."""
        return super().display_location(client).removeprefix("duckdb:///")

    def exists(self, client: JobClientBase) -> bool:
        """Returns whether the file is there; a database of a service is always."""
        file = _file_of(client) if self.is_one_file else None
        return file is None or file.exists()

    def set_read_only(self, client: JobClientBase) -> None:
        """Has the file opened for reading only."""
        cast("DuckDbClient", client).config.credentials.read_only = True

    def begin_reading(self, client: SqlJobClientBase) -> None:
        """Sets the time zone, and has DuckDB refuse all that is not a query of what is in the file.

        A database that an extension opens is reached through files or the network, so it stays open to them.
        """
        from .duckdb_access import lock

        client.sql_client.native_connection.execute("SET TimeZone = 'UTC'")
        if self.is_one_file and _file_of(client) is not None:
            client.sql_client.catalog_name()  # is looked up once, in a session with settings of its own
            lock(client.sql_client.native_connection)

    def prepare_query(self, client: SqlJobClientBase, query: str) -> str:
        """Returns the statement to send; DuckDB itself says what kind it is.

        Raises:
            WrongQuery: it is not one statement that reads.
        """
        import duckdb as database

        del client
        try:
            statements = database.extract_statements(query)
        except database.ParserException as error:
            raise WrongQuery(f"This is not a SELECT of DuckDB: {error}") from None
        if [statement.type.name for statement in statements] not in ([kind] for kind in ("SELECT", "EXPLAIN", "MULTI")):
            raise WrongQuery(ONE_SELECT)
        return str(statements[0].query)

    @contextmanager
    def stream(self, client: SqlJobClientBase, query: str) -> Iterator[Any]:
        """Runs a query, whose rows DuckDB gives as they are fetched."""
        yield client.sql_client.native_connection.execute(query)

    def explain_lock(self, message: str, *, writing: bool) -> str | None:
        """Returns which program has the file open."""
        found = LOCKED.search(message)
        if found is None:
            return None
        file, program, process = found.groups()
        holder = f"{program} (process {process})" if program else "one that is not seen from here, as in a container"
        if not writing:
            return (
                f"{file} is open for writing in another program, {holder}, perhaps a sync. Run this again when that "
                "has finished."
            )
        return (
            f"{file} is open in another program, {holder}. While one program has a DuckDB file open, even for reading "
            "only, no other can write to it. Close it there (an SQL shell, a notebook), then run this again."
        )

    def is_unavailable(self, error: BaseException) -> bool:
        """Returns whether the file could not be opened or written."""
        kind = type(error)
        return kind.__name__ == "IOException" and kind.__module__.endswith("duckdb")

    def rewrite(self, client: JobClientBase) -> str | None:
        """Puts a new file in the place of the old one, whose free blocks keep what they held."""
        from .duckdb_file import rewrite

        return rewrite(Path(self.display_location(client)).resolve()) if self.is_one_file else None


def _file_of(client: JobClientBase) -> Path | None:
    from .duckdb_access import path_of

    return path_of(cast("DuckDbClient", client).config.credentials.database)


ADAPTERS = (
    DuckDbAdapter(
        "duckdb",
        has_lasting_credentials=True,
        is_one_file=True,
        loads_arrow=True,
        not_guaranteed=None,
        view_store="duckdb.DuckDbViews",
        out_of_reach="copies and backups of the file; what the disk keeps of blocks that no file uses",
    ),
)
