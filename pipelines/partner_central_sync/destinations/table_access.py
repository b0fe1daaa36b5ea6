"""Reads and changes the tables of an open destination for its adapter, in SQL. One without SQL overrides all of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from dlt.common.destination.client import JobClientBase
    from dlt.common.schema import Schema
    from dlt.destinations.job_client_impl import SqlJobClientBase

    from partner_central.public import StoredCounters

    from .lease_table import LeaseTable

IDS_PER_STATEMENT = 500


class TableAccess:
    """Reads and changes tables; every client is open. It imports what it needs when it is used, as `base.py` does."""

    def missing_tables(self, client: JobClientBase, schema: Schema) -> frozenset[str]:
        """Returns what was loaded by a schema and is not there: `table`, or `table.column`."""
        from . import stored_tables

        return stored_tables.missing_tables(_sql(client), schema)

    def stored_columns(self, client: JobClientBase, names: Iterable[str]) -> dict[str, set[str]]:
        """Returns the columns of what exists under these names, as far as this user may know; none of a view."""
        from . import own_tables

        return own_tables.columns_of(_sql(client), names)

    def queryable_columns(self, client: JobClientBase, names: Iterable[str]) -> dict[str, set[str]]:
        """Returns the columns of the tables under these names that a query can read."""
        return self.stored_columns(client, names)

    def create_tables(self, client: JobClientBase, names: Iterable[str]) -> None:
        """Creates tables again that were dropped, with all columns, and columns of tables that are there."""
        from . import stored_tables

        stored_tables.make(_sql(client), names)

    def restore_rows(self, client: JobClientBase) -> int:
        """Adds to `opportunities` the newest version in the history of each id that is missing there.

        Returns:
            How many rows were added.

        Raises:
            LeaseLost: another run took the lease.
        """
        from . import restore

        return restore.put_back(cast("LeaseTable", client))

    def count_removed(self, client: JobClientBase) -> int | None:
        """Returns how many opportunities are marked as gone; None where none is marked."""
        from . import restore

        return restore.count_gone(_sql(client))

    def delete_rows(self, client: JobClientBase, table: str, row_ids: Sequence[str]) -> None:
        """Deletes rows of a table by their `_dlt_id`."""
        sql = _sql(client).sql_client
        name, row_id = sql.make_qualified_table_name(table), sql.escape_column_name("_dlt_id")
        for at in range(0, len(row_ids), IDS_PER_STATEMENT):
            some = row_ids[at : at + IDS_PER_STATEMENT]
            places = ", ".join(["%s"] * len(some))
            sql.execute_sql(f"DELETE FROM {name} WHERE {row_id} IN ({places})", *some)  # noqa: S608 - the schema's own names

    def dataset_names(self, client: JobClientBase) -> set[str]:
        """Returns the names of all datasets, as far as this user may know."""
        rows = _sql(client).sql_client.execute_sql("SELECT schema_name FROM information_schema.schemata")
        return {str(row[0]) for row in rows or ()}

    def table_names(self, client: JobClientBase, dataset: str) -> list[str]:
        """Returns the names of the tables of a dataset."""
        query = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s"
        return [str(row[0]) for row in _sql(client).sql_client.execute_sql(query, dataset) or ()]

    def change_rows(self, client: JobClientBase, table: str, values: Mapping[str, str], condition: str) -> None:
        """Changes the rows of a table that meet a condition.

        Args:
            client: of the open destination.
            table: the table.
            values: what each column is to hold, as SQL; it names no column that changes but its own.
            condition: SQL that names `_dlt_id` alone.
        """
        from .own_tables import update

        quoted = _sql(client).sql_client.escape_column_name
        update(_sql(client), table, ", ".join(f"{quoted(name)} = {value}" for name, value in values.items()), condition)

    def tidy(self, client: JobClientBase) -> None:
        """Removes what loads leave behind in an open destination, under the lease; a database does that itself.

        Raises:
            LeaseLost: another run took the lease.
        """
        del client

    def stored_counters(self, client: JobClientBase) -> StoredCounters:
        """Returns the numbers that the tables hold already."""
        from . import stored_tables

        return stored_tables.stored_counters(_sql(client))

    def newest_order(self, client: JobClientBase, table: str) -> int:
        """Returns the greatest read_order in a table of versions; 0 where there is none."""
        from . import stored_tables

        return stored_tables.newest_order(_sql(client), table)

    def select(
        self, client: JobClientBase, columns: Mapping[str, Collection[str]], query: str, *values: object
    ) -> Sequence[Sequence[Any]]:
        """Returns the rows of a query over some tables of an open destination.

        Args:
            client: of the destination.
            columns: the columns that it reads, by table.
            query: plain SQL, with the name of each table in braces.
            values: for each `%s` in it.
        """
        sql = _sql(client).sql_client
        names = {table: sql.make_qualified_table_name(table) for table in columns}
        return sql.execute_sql(query.format(**names), *values) or ()

    def set_due(self, client: JobClientBase, table: str, ids: Sequence[str], account: str | None) -> None:
        """Lets ids be read again, in a table that says what was read of each; one that is not in it is due anyway.

        Args:
            client: of the open destination.
            table: the table of reads.
            ids: of the parent.
            account: whose ids, in a shared dataset.
        """
        from .own_tables import columns_of, update

        if "reading" not in columns_of(_sql(client), [table]).get(table, set()):
            return
        mine, values = (" AND account = %s", [account]) if account is not None else ("", [])
        for at in range(0, len(ids), IDS_PER_STATEMENT):
            some = ids[at : at + IDS_PER_STATEMENT]
            places = ", ".join(["%s"] * len(some))
            update(_sql(client), table, "reading = 0", f"id IN ({places}){mine}", *some, *values)

    def count_rows(self, client: JobClientBase, table: str, account: str | None) -> int | None:
        """Returns how many rows a table has, or how many of one account; None if that is not known here.

        Raises:
            DestinationUndefinedEntity: the table is not there.
        """
        from partner_central.public import ACCOUNT

        sql = _sql(client).sql_client
        query = f"SELECT count(*) FROM {sql.make_qualified_table_name(table)}"  # noqa: S608 - the schema's own names
        if account is not None:
            query += f" WHERE {sql.escape_column_name(ACCOUNT)} = %s"
        return int(_first_value(sql.execute_sql(query, *([] if account is None else [account]))))

    def count_versions(self, client: JobClientBase, table: str, packages: Iterable[str]) -> int:
        """Returns how many rows of a table of versions came with load packages; 0 if there is no such table.

        Versions are added and never replaced, so these are the ones that the packages brought.
        """
        from dlt.destinations.exceptions import DatabaseUndefinedRelation

        sql = _sql(client).sql_client
        name, ids = sql.make_qualified_table_name(table), list(packages)
        places = ", ".join(["%s"] * len(ids))
        query = f"SELECT count(*) FROM {name} WHERE {sql.escape_column_name('_dlt_load_id')} IN ({places})"  # noqa: S608 - the schema's own names
        try:
            return int(_first_value(sql.execute_sql(query, *ids)))
        except DatabaseUndefinedRelation:
            return 0

    def last_load_at(self, client: JobClientBase) -> object | None:
        """Returns when rows were loaded last; None if that is not known here."""
        sql = _sql(client).sql_client
        table = sql.make_qualified_table_name("_dlt_loads")
        return cast("object", _first_value(sql.execute_sql(f"SELECT max(inserted_at) FROM {table}")))  # noqa: S608


def _sql(client: JobClientBase) -> SqlJobClientBase:
    return cast("SqlJobClientBase", client)


def _first_value(rows: Any) -> Any:  # noqa: ANN401 - what a driver gives
    return rows[0][0] if rows else 0
