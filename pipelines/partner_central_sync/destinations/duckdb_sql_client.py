"""The SQL client for DuckDB, under names that are never ambiguous.

DuckDB calls the catalog of a file after the file. In `partner_central.duckdb`, the name `partner_central.opportunities`
could mean the catalog or the dataset, and DuckDB refuses it; so every name here begins with the catalog.

DuckDB keeps what it has read of a file up to four fifths of the machine's memory, and so would grow with the table. It
is given less here, unless it is configured otherwise; a load that needs more gets it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from time import monotonic, sleep
from typing import ClassVar, cast

from dlt.common.destination import DestinationCapabilitiesContext
from dlt.destinations.impl.duckdb.configuration import DuckDbBaseCredentials, DuckDbConnectionPool
from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient
from dlt.destinations.sql_client import raise_open_connection_error
from duckdb import DuckDBPyConnection, IOException

from .duckdb import LOCKED
from .duckdb_access import create_file, path_of
from .kept_open import KEPT, OpenFile

MEMORY_MB, MEMORY_MB_PER_CORE = 150, 75  # DuckDB works with a thread a core, each with memory of its own
WAIT_SECONDS, BETWEEN_TRIES = 5.0, 0.05  # for a file that another program has open


class QualifiedSqlClient(DuckDbSqlClient):
    """dlt's SQL client for DuckDB, with the catalog in front of every name, and a limit to DuckDB's memory.

    What is known of a file holds for the process: its catalog, queried once, and whether it needs more memory.
    """

    _catalogs: ClassVar[dict[str, str]] = {}
    _unlimited: ClassVar[set[str]] = set()

    def __init__(
        self,
        dataset_name: str,
        staging_dataset_name: str,
        credentials: DuckDbBaseCredentials,
        capabilities: DestinationCapabilitiesContext,
    ) -> None:
        super().__init__(dataset_name, staging_dataset_name, credentials, capabilities)
        configured = [*(credentials.global_config or ()), *(credentials.pragmas or ())]
        self._use: OpenFile | None = None
        self._has_own_limit = any("memory" in setting for setting in configured)

    def open_connection(self) -> DuckDBPyConnection:
        """Opens the file once, though its catalog is queried as well; one that is missing is created to be written.

        Raises:
            ConfigurationError: the configured storage version is not one of DuckDB's.
            DestinationConnectionError: the file cannot be opened.
        """
        file = None if self.credentials.read_only else path_of(self.credentials.database)
        if file is None:
            return self._open()
        with KEPT.opening(file):
            if not file.exists():
                with suppress(IOException):  # opening it says why
                    create_file(file)
            connection = self._open()
            self._use = KEPT.begin_use(file, self._open_again)
        return connection

    def close_connection(self) -> None:
        """Closes the connection; in a run, the file stays open for a moment."""
        try:
            super().close_connection()
        finally:
            if self._use is not None:
                KEPT.end_use(self._use)
                self._use = None

    def _open_again(self) -> Callable[[], object]:
        """Opens the file once more, with the same settings; returns what closes that."""
        pool = DuckDbConnectionPool(self.credentials)
        return partial(pool.return_conn, pool.borrow_conn(global_config=self._global_config))

    @raise_open_connection_error
    def _open(self) -> DuckDBPyConnection:
        limited = not (self._has_own_limit or self.credentials.read_only)
        if limited and str(self.credentials.database) not in self._unlimited:
            self._global_config["memory_limit"] = f"{max(MEMORY_MB, MEMORY_MB_PER_CORE * (os.cpu_count() or 1))}MB"
        pool = cast("DuckDbConnectionPool", self.credentials.conn_pool)
        connection = _wait_for(lambda: pool.borrow_conn(global_config=self._global_config))
        try:
            return super().open_connection()
        finally:
            pool.return_conn(connection)

    def lift_memory_limit(self) -> None:
        """Lets DuckDB use as much as by default while this process lives; a configured limit stays."""
        if not self._has_own_limit:
            self._unlimited.add(str(self.credentials.database))
            self._global_config.pop("memory_limit", None)
            self.execute_sql("RESET memory_limit")

    def catalog_name(self, quote: bool = True, casefold: bool = True) -> str | None:  # noqa: ARG002, FBT001, FBT002
        """The catalog of the database file, as DuckDB names it."""
        place = str(self.credentials.database)
        if place not in self._catalogs:
            pool = cast("DuckDbConnectionPool", self.credentials.conn_pool)
            connection = pool.borrow_conn()
            try:
                self._catalogs[place] = str(connection.execute("SELECT current_database()").fetchall()[0][0])
            finally:
                pool.return_conn(connection)
        catalog = self._catalogs[place]
        return self.capabilities.escape_identifier(catalog) if quote else catalog


def _wait_for(connect: Callable[[], DuckDBPyConnection]) -> DuckDBPyConnection:
    """Connects; to a file that another program has open, as soon as that has closed it.

    Raises:
        IOException: it still had it open after a moment.
    """
    until = monotonic() + WAIT_SECONDS
    while True:
        try:
            return connect()
        except IOException as error:
            if LOCKED.search(str(error)) is None or monotonic() > until:
                raise
        sleep(BETWEEN_TRIES)
