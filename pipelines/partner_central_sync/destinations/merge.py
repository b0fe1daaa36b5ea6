"""Merges staged rows by dlt's own statements, with some before them that dlt lacks.

- A lease that another run took is noticed in the transaction that would write, which does nothing then.
- A staged row that is older than the stored row of its key is dropped: newest wins, whoever read it when.
- Lists go by the key of their root, so a root that was deleted by hand does not come back with its lists twice.
- A table of versions takes a version that differs from the one before it, in the order of reading.
- All tables of a package are merged by one job; see `whole_package.py`.
- In a file, the staged rows go with their merge: they are not written into it when it is closed.

The statements are made when rows have been staged; the lease is looked at when they run, perhaps in a later run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, cast

from dlt.common.destination import PreparedTableSchema
from dlt.common.destination.client import FollowupJobRequest, LoadJob
from dlt.common.schema.typing import C_DLT_ID, TTableSchema
from dlt.common.schema.utils import get_columns_names_with_prop
from dlt.destinations.job_client_impl import SqlLoadJob
from dlt.destinations.sql_client import SqlClientBase
from dlt.destinations.sql_jobs import SqlFollowupJob

from partner_central.public import key_columns, modified_column

from . import of
from .lease_table import LeaseTable
from .whole_package import chains_to_merge, join_requests

KEY = "id"
CONTENT, ORDER = "content_hash", "read_order"


class FencedJob(SqlLoadJob):
    """A job of SQL under the lease of its client."""

    def run(self) -> None:
        """Runs the statements; in one transaction, where there are such.

        Raises:
            LeaseLost: another run took the lease.
        """
        with cast("LeaseTable", self._job_client).translate_lost_lease():
            super().run()

    def _split_fragments(self, sql: str) -> list[str]:
        return [*cast("LeaseTable", self._job_client).fence(), *super()._split_fragments(sql)]


class VersionsJob(SqlFollowupJob):
    """Adds staged versions to a table of them.

    Versions with one key and one date differ by content. In the order of reading, one that has the content of the one
    before it is not a new one; one that returns to an earlier content is. Rows whose order nobody knows come first, and
    a version that one of them holds is not new right after them.
    """

    @classmethod
    def generate_sql(cls, table_chain: Sequence[PreparedTableSchema], sql_client: SqlClientBase[Any]) -> list[str]:
        """The statement."""
        root, escape = table_chain[0], sql_client.escape_column_name
        stored, staged = sql_client.get_qualified_table_names(str(root["name"]))
        columns = [escape(name) for name in _columns(root, "name")]
        keys = [escape(name) for name in _columns(root, "primary_key") if name not in {CONTENT, ORDER}]
        row, content, order, key = escape(C_DLT_ID), escape(CONTENT), escape(ORDER), escape(KEY)
        compared_columns = ", ".join([row, *keys, content, f"COALESCE({order}, -1) AS place"])
        version = f"PARTITION BY {', '.join(keys)} ORDER BY place, staged, {row}"
        rows = (
            f"SELECT {compared_columns}, 0 AS staged FROM {stored} WHERE {key} IN (SELECT {key} FROM {staged}) "  # noqa: S608 - the schema's own names, escaped
            f"UNION ALL SELECT {compared_columns}, 1 AS staged FROM {staged}"
        )
        compared = (
            f"SELECT {row}, {content}, staged, LAG({content}) OVER ({version}) AS earlier, "  # noqa: S608
            f"LAG(place) OVER ({version}) AS earlier_place, MAX(CASE WHEN place + staged = -1 THEN 1 ELSE 0 END) "
            f"OVER (PARTITION BY {', '.join([*keys, content])}) AS unordered FROM ({rows}) AS known"
        )
        new = (
            f"SELECT {row} FROM ({compared}) AS compared WHERE staged = 1 AND (earlier IS NULL OR "  # noqa: S608
            f"(earlier <> {content} AND NOT (earlier_place = -1 AND unordered = 1)))"
        )
        once = f"ROW_NUMBER() OVER (PARTITION BY {row} ORDER BY {order}) AS nth"
        listed = ", ".join(columns)
        added = f"SELECT {listed}, {once} FROM {staged} WHERE {row} IN ({new})"  # noqa: S608
        return [f"INSERT INTO {stored} ({listed}) SELECT {listed} FROM ({added}) AS added WHERE nth = 1"]  # noqa: S608


class EmptyStagingJob(SqlFollowupJob):
    """Deletes the staged rows of a root table and its lists."""

    @classmethod
    def generate_sql(cls, table_chain: Sequence[PreparedTableSchema], sql_client: SqlClientBase[Any]) -> list[str]:
        """The statements."""
        tables = [sql_client.get_qualified_table_names(str(table["name"]))[1] for table in table_chain]
        return [f"DELETE FROM {table}" for table in tables]  # noqa: S608 - the schema's own names, escaped


class WithMerge(LeaseTable):
    """A client of dlt, mixed in before the one of a database."""

    def create_load_job(
        self,
        table: PreparedTableSchema,
        file_path: str,
        load_id: str,
        restore: bool = False,  # noqa: FBT001, FBT002 - dlt's own
    ) -> LoadJob:
        """The job for a file."""
        job = super().create_load_job(table, file_path, load_id, restore)
        return FencedJob(file_path) if type(job) is SqlLoadJob else job

    def _create_merge_followup_jobs(self, table_chain: Sequence[PreparedTableSchema]) -> list[FollowupJobRequest]:
        chains = chains_to_merge(self, table_chain)
        requests = [request for chain in chains for request in self._merge_requests(chain)]
        if of(self).is_one_file:
            requests += [EmptyStagingJob.from_table_chain(chain, self.sql_client) for chain in chains]
        return join_requests(requests)

    def _merge_requests(self, chain: Sequence[PreparedTableSchema]) -> Iterator[FollowupJobRequest]:
        """Yields what merges the staged rows of a root table and its lists."""
        if {CONTENT, ORDER} <= chain[0]["columns"].keys():
            yield VersionsJob.from_table_chain(chain, self.sql_client)
            return
        for request in super()._create_merge_followup_jobs(chain):
            file = Path(request.new_file_path())
            statements = [*before_merge(chain, self.sql_client), file.read_text(encoding="utf-8")]
            file.write_text("\n".join(statements), encoding="utf-8")
            yield request


def before_merge(chain: Sequence[PreparedTableSchema], sql: SqlClientBase[Any]) -> list[str]:
    """Returns what is done before the rows of a table with lists are merged: older rows and stored lists go."""
    root, *children = chain
    keys, of_record = _columns(root, "primary_key"), key_columns(str(root["name"]))
    if not children or of_record is None:
        return []
    key, child_key = of_record
    escape = sql.escape_column_name
    date = modified_column(str(root["name"]))
    row, modified = escape(C_DLT_ID), escape(date)
    stored, staged = sql.get_qualified_table_names(str(root["name"]))
    same = " AND ".join(f"o.{escape(name)} = s.{escape(name)}" for name in keys)
    statements = []
    if date in root["columns"]:
        older = f"SELECT s.{row} FROM {staged} AS s JOIN {stored} AS o ON {same} WHERE s.{modified} < o.{modified}"  # noqa: S608 - the schema's own names, escaped
        statements.append(f"DELETE FROM {staged} WHERE {row} IN ({older})")  # noqa: S608
    for child in children:
        if child_key in child["columns"]:
            table = sql.make_qualified_table_name(str(child["name"]))
            links = [(escape(child_key if name == key else name), escape(name)) for name in keys]
            statements.append(_without(table, row, links, staged))
    return statements


def _columns(table: PreparedTableSchema, prop: Literal["name", "primary_key"]) -> list[str]:
    return get_columns_names_with_prop(cast("TTableSchema", table), prop)


def _without(table: str, row: str, links: list[tuple[str, str]], staged: str) -> str:
    """Deletes the rows of a list whose root is staged."""
    if len(links) == 1:
        ((link, key),) = links
        return f"DELETE FROM {table} WHERE {link} IN (SELECT {key} FROM {staged})"  # noqa: S608
    same = " AND ".join(f"c.{link} = s.{key}" for link, key in links)
    return f"DELETE FROM {table} WHERE {row} IN (SELECT c.{row} FROM {table} AS c JOIN {staged} AS s ON {same})"  # noqa: S608
