"""Runs the report's queries for one account, with the views of the dataset, or with the views' own SQL.

The queries of the report name no account. In a dataset that several accounts share, the SQL of each view that a query
needs becomes a part of it. Each table in that is limited to the account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import ACCOUNT, SPINE

from ..destinations import of
from ..destinations.own_tables import columns_of
from ..destinations.split_columns import join_columns
from ..query.read_only import QueryResult, run_query
from ..views.absent_tables import empty_queries
from ..views.files import tables_read, view_texts
from ..views.keeping import types_of
from ..views.translation import names_read, translate
from .queries import OPTIONAL, QUERIED

Row = dict[str, Any]
MARK = "@account"


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads as the views are written.

    Attributes:
        client: of the open destination.
        account: the value of the column `account` that its rows have; None where there is no such column.
        absent: tables of other streams that the dataset does not have.
        instead: queries to read in the place of tables; of every account the same, with `MARK` for its name.
        translated: queries in the destination's words, once for all accounts.
    """

    client: SqlJobClientBase
    account: str | None
    absent: tuple[str, ...]
    instead: Mapping[str, str]
    translated: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def run(self, query: str) -> Iterator[QueryResult]:
        """Runs a query."""
        if query not in self.translated:
            whole = query if self.account is None else with_views(query)
            self.translated[query] = translate(whole, self.client, self.instead)
        text = self.translated[query]
        if self.account is not None:
            text = text.replace(self._quoted(MARK), self._quoted(self.account))
        with run_query(self.client, text) as result:
            yield result

    def _quoted(self, text: str) -> str:
        """Returns a text as the destination's SQL has it."""
        from sqlglot import exp

        return exp.Literal.string(text).sql(of(self.client).dialect(self.client.capabilities))

    def fetch(self, query: str) -> list[Row]:
        """Returns the rows of a query."""
        with self.run(query) as result:
            columns = [column.lower() for column in result.columns]
            return [dict(zip(columns, row, strict=True)) for row in result.rows]


def readers(client: SqlJobClientBase, account: str | None) -> list[Reader]:
    """Returns a reader for each account of a dataset, by name.

    Args:
        client: of the open destination.
        account: the only one to read, where several accounts share the dataset.
    """
    if ACCOUNT not in columns_of(client, [SPINE.table]).get(SPINE.table, ()):
        there = columns_of(client, QUERIED).keys()
        return [Reader(client, None, tuple(sorted(OPTIONAL - there)), empty_queries(QUERIED - there))]
    stored = {name: types_of(columns) for name, columns in client.get_storage_tables(sorted(tables_read() | QUERIED))}
    absent = tuple(sorted(OPTIONAL - {name for name, columns in stored.items() if columns}))
    empty = empty_queries(name for name, columns in stored.items() if not columns)
    spine = client.sql_client.make_qualified_table_name(SPINE.table)
    every = f"SELECT DISTINCT {ACCOUNT} FROM {spine} ORDER BY {ACCOUNT}"  # noqa: S608 - names of this program
    names = [account] if account else [row[0] for row in client.sql_client.execute_sql(every) or ()]
    keyed = {table: of_account(table, columns) for table, columns in stored.items() if ACCOUNT in columns}
    translated: dict[str, str] = {}
    return [Reader(client, name, absent, {**empty, **keyed}, translated) for name in names]


def of_account(table: str, columns: Mapping[str, str]) -> str:
    """Returns a query for the rows of a table that belong to the account `MARK`."""
    rows = f"({joined}) AS joined" if (joined := join_columns(table, columns)) else table
    return f"SELECT * FROM {rows} WHERE {ACCOUNT} = '{MARK}'"  # noqa: S608 - names of this program


def with_views(query: str) -> str:
    """Returns a query that has the views it reads in itself."""
    texts = view_texts()
    needed = set(names_read(query))
    for name in reversed(list(texts)):
        if name in needed:
            needed |= names_read(texts[name])
    clauses = [f"{name} AS (\n{text}\n)" for name, text in texts.items() if name in needed]
    return f"WITH {', '.join(clauses)} {query}" if clauses else query
