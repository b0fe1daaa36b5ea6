"""The adapter of a destination: all that this program knows of it. `Adapter` serves every database with SQL.

A destination that differs has a module here with an adapter of its own; `__init__.py` lists them. What is done with its
tables is in `table_access.py`. This module imports neither dlt nor a driver, so that the command's help does not wait
for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from .table_access import TableAccess

if TYPE_CHECKING:
    from dlt.common.destination import Destination, DestinationCapabilitiesContext
    from dlt.common.destination.client import JobClientBase
    from dlt.destinations.job_client_impl import SqlJobClientBase
    from dlt.extract import DltSource
    from sqlglot import exp

DEFAULT_DIALECT = "duckdb"  # of a destination that names none; the views are written in it
LOGIN_REFUSED = re.compile(
    r"authentication failed|no password supplied|incorrect username or password|invalid credentials", re.IGNORECASE
)


class RefusedSetting(NamedTuple):
    """A setting of one destination that would make a run wrong.

    Attributes:
        key: its name below `[destination.<name>]`.
        would: what a value does that is not accepted.
        accepted: the value, in small letters, that changes nothing.
    """

    key: str
    would: str
    accepted: str


@dataclass(frozen=True)
class Adapter(TableAccess):
    """A destination by its name. A subclass overrides what it does otherwise.

    Attributes:
        name: the name of its type in dlt, and of the option `--destination`.
        extras: extras of dlt that are installed with an extra of another name here.
        drivers: modules of its driver, as prefixes; for drivers whose errors are not those of PEP 249.
        has_lasting_credentials: whether its credentials outlast a run, so that they are resolved once.
        is_one_file: whether it is one file, which one process has for itself while it writes.
        loads_arrow: whether it loads Arrow tables faster than rows.
        has_sql: whether its tables are read and changed with SQL; there are no views and marks of removals without it.
        creates_deleted_tables: whether a load creates a table that was deleted, without its older rows; a database
            refuses rows for a table that is not there.
        view_store: the module in `views` and the class in it that keeps its views.
        refused_settings: settings of dlt that are refused.
        commands: statements beside SELECT that show what there is, in capitals.
        outside: functions and operators that do more than read tables, in small letters.
        not_guaranteed: what a query may do if it is run as the user that loads; None if nothing but read.
        proof_columns: the columns of a table that `check` creates and drops.
        out_of_reach: where personal data may be left that `forget` cannot reach.
    """

    name: str
    extras: Mapping[str, str] = field(default_factory=dict)
    drivers: tuple[str, ...] = ()
    has_lasting_credentials: bool = False
    is_one_file: bool = False
    loads_arrow: bool = False
    has_sql: bool = True
    creates_deleted_tables: bool = False
    view_store: str = "store.ViewStore"
    refused_settings: tuple[RefusedSetting, ...] = ()
    commands: frozenset[str] = frozenset()
    outside: frozenset[str] = frozenset()
    not_guaranteed: str | None = (
        "Queries are run as the user that loads. Only a check of their text keeps them from doing what that user may."
    )
    proof_columns: str = "(id BIGINT)"
    out_of_reach: str = "backups, replicas, time travel, and what others copied"

    # What dlt loads with

    def own_factory(self) -> type[Destination[Any, Any]] | None:
        """Returns this program's own factory for dlt; None where dlt's is used.

        Raises:
            MissingDependencyException: its driver is not installed.
        """
        return None

    def destination(
        self, database: Path | None = None, credentials: dict[str, Any] | str | None = None
    ) -> Destination[Any, Any]:
        """Returns the dlt destination, which loads under a lease.

        Args:
            database: file of the database, for a destination that is one.
            credentials: some fields of credentials, or all in a URL, instead of those configured in dlt.

        Raises:
            MissingDependencyException: its driver is not installed.
        """
        from dlt.common.destination import Destination

        from . import get
        from .fenced_client import with_fencing

        given = str(database) if self.is_one_file and database else credentials
        options: dict[str, Any] = {"credentials": given} if given else {}
        own = self.own_factory()
        if own is not None:
            made: Any = with_fencing(own)(destination_name=self.name, **options)
            made.adapter = self
            return cast("Destination[Any, Any]", made)
        known = cast("Destination[Any, Any]", Destination.from_reference(self.name))
        fenced: Any = with_fencing(cast("Any", type(known)))(**{**known.config_params, **options})
        fenced.adapter = get(known.destination_type.rpartition(".")[2])  # it may be configured under another name
        return cast("Destination[Any, Any]", fenced)

    def adapt_source(self, source: DltSource) -> DltSource:
        """Gives the tables of the source what they need in this destination.

        Raises:
            ConfigurationError: the destination is configured so that it cannot hold them.
        """
        return source

    def keep_open(self, client: JobClientBase) -> AbstractContextManager[None]:
        """Keeps the destination open, where opening it for every step of a load is costly."""
        del client
        return nullcontext()

    # Its SQL

    def dialect(self, capabilities: DestinationCapabilitiesContext) -> str:
        """Returns sqlglot's name of its dialect."""
        return str(capabilities.sqlglot_dialect or DEFAULT_DIALECT)

    def adapt_view(self, query: exp.Expr) -> None:
        """Changes the parsed query of a view where its translation would mean something else here."""

    def update_statement(self, table: str, changes: str, condition: str) -> str:
        """Returns a statement that changes the rows of a table that meet a condition."""
        return f"UPDATE {table} SET {changes} WHERE {condition}"  # noqa: S608 - the caller's

    def drop_dataset(self, client: SqlJobClientBase, dataset: str) -> None:
        """Drops a dataset, if it is there."""
        with client.sql_client.with_alternative_dataset_name(dataset):
            if client.sql_client.has_dataset():
                client.sql_client.drop_dataset()

    # What it holds

    def display_location(self, client: JobClientBase) -> str:
        """Returns where a client writes to, without secrets."""
        return str(client.config)

    def exists(self, client: JobClientBase) -> bool:
        """Returns whether there is a database to open; checked before it is opened, so that reading creates none."""
        del client
        return True

    def set_read_only(self, client: JobClientBase) -> None:
        """Has a client that is not open yet open the destination for reading only, where it can be."""

    @contextmanager
    def open_read_only(self, client: JobClientBase) -> Iterator[None]:
        """Keeps the destination open for queries, with timestamps in UTC."""
        database = cast("SqlJobClientBase", client)
        self.set_read_only(client)
        database.sql_client.open_connection()
        try:
            self.begin_reading(database)
            yield
        finally:
            database.sql_client.close_connection()

    def prepare_query(self, client: SqlJobClientBase, query: str) -> str:
        """Returns the statement to send for a user's query, without the comments and semicolons around it.

        Raises:
            WrongQuery: it is not one statement that reads.
        """
        from .statements import Statements

        dialect = self.dialect(client.capabilities)
        return Statements(dialect, self.commands, self.outside).prepare(query, str(client.sql_client.dataset_name))

    def begin_reading(self, client: SqlJobClientBase) -> None:
        """Sets an open connection to reading, and to UTC."""

    @contextmanager
    def stream(self, client: SqlJobClientBase, query: str) -> Iterator[Any]:
        """Opens a cursor on a query whose rows stay in the database until they are fetched."""
        with client.sql_client.execute_query(query) as cursor:
            yield cursor

    # What its errors mean, by their text

    def explain_refusal(self, message: str) -> str | None:
        """Returns what a user can do who is not let in, or lacks a grant; None if the message is about something else.

        It may be the message of another destination's error.
        """
        return explain_login_refusal(message) if LOGIN_REFUSED.search(message) else None

    def explain_lock(self, message: str, *, writing: bool) -> str | None:
        """Returns who keeps the destination from being opened; None if the message is about something else."""
        del message, writing
        return None

    def is_unavailable(self, error: BaseException) -> bool:
        """Returns whether an error of the driver means that the destination cannot be written for now."""
        del error
        return False

    # What `forget` does beyond rows

    def free_blocks(self, client: SqlJobClientBase, tables: Iterable[str]) -> str | None:
        """Overwrites what deleted rows leave in an open destination; returns what was done, None if nothing."""
        del client, tables
        return None

    def rewrite(self, client: JobClientBase) -> str | None:
        """Overwrites what deleted rows leave in a closed destination; returns what was done, None if nothing."""
        del client
        return None


def explain_login_refusal(message: str) -> str:
    """Returns what a user can do who is not let in."""
    return (
        f"The destination does not let this user in: {message} User, password and database are the credentials of the "
        "destination in dlt's configuration (see docs/how-to/destinations.md)."
    )
