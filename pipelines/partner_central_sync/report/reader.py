"""Runs the report's queries for one account, on the views of the dataset.

The queries of the report name no account. In a dataset that several accounts share, they are rewritten as the views
are, and limited to one account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import ACCOUNT, SPINE

from ..destinations import of
from ..destinations.own_names import loaded_tables
from ..destinations.split_columns import join_columns
from ..query.read_only import QueryResult, run_query
from ..views.absent_tables import empty_queries
from ..views.by_account import ALL_ACCOUNTS
from ..views.keeping import types_of
from ..views.shared_files import query_of_account
from ..views.translation import translate
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
        instead: queries to read in the place of tables.
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
            whole = query if self.account is None else query_of_account(query, MARK)
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
    stored = {name: types_of(columns) for name, columns in client.get_storage_tables(sorted({SPINE.table, *QUERIED}))}
    shared = ACCOUNT in stored[SPINE.table]
    absent = QUERIED - loaded_tables(client, QUERIED)
    instead = {name: text for name, columns in stored.items() if (text := join_columns(name, columns))}
    instead |= empty_queries(absent, shared=shared)
    missing = tuple(sorted(OPTIONAL & absent))
    if not shared:
        return [Reader(client, None, missing, instead)]
    every = f"SELECT account FROM ({ALL_ACCOUNTS}) AS accounts ORDER BY account"  # noqa: S608 - names of this program
    with run_query(client, translate(every, client)) as result:
        known = [row[0] for row in result.rows]
    translated: dict[str, str] = {}
    return [Reader(client, name, missing, instead, translated) for name in known if account is None or name == account]
