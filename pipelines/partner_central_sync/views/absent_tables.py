"""Reads tables that are not there as empty, so that each view has the same columns whatever is loaded.

These are the tables of a stream that is off, and the ones that a user fills.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType

from partner_central.public import ACCOUNT, SPINE, STREAMS, hint_rules, stream_model, table_columns

from ..destinations.split_columns import SQL_TYPES, quoted
from .user_tables import USER_TABLES

NONE: Mapping[str, str] = MappingProxyType({})


def empty_queries(absent: Iterable[str], *, shared: bool = False) -> Mapping[str, str]:
    """Returns for each of these tables that is not there a query of its columns without rows, in DuckDB's dialect.

    The tables of the stream that every run loads have none: without them, something is wrong.

    Args:
        absent: names of what is not there; others than tables are passed over.
        shared: whether several accounts share the dataset, so that every table of a stream has the column `account`.
    """
    absent = {*absent}
    found = sorted((absent & USER_TABLES.keys()) | of_streams(absent))
    return {table: _empty(shared=shared)[table] for table in found} if found else NONE


def of_streams(tables: Iterable[str]) -> set[str]:
    """Returns those of these tables that are of streams which a run may leave out."""
    roots = {table for stream in STREAMS if stream is not SPINE for table in stream.tables}
    return {table for table in tables if table.partition("__")[0] in roots}


def mentioned(text: str, queries: Mapping[str, str]) -> Mapping[str, str]:
    """Returns the queries of the tables that the SQL of a view reads; nothing is parsed.

    Args:
        text: the SQL, with its head.
        queries: by table.
    """
    if not queries:
        return queries
    return {table: query for table, query in queries.items() if table in words_of([text])}


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """Returns every word of some SQL, without the heads: the names of tables are among them."""
    lines = (line for text in texts for line in text.splitlines() if not line.startswith("--"))
    return frozenset(re.findall(r"\w+", "\n".join(lines)))


@cache
def _empty(*, shared: bool) -> dict[str, str]:
    """A query without rows for each table of the streams, and each that a user fills."""
    account = [(ACCOUNT, "text")] if shared else []
    of_users = {
        name: _empty_query((column, kind) for column, kind, _ in table.columns) for name, table in USER_TABLES.items()
    }
    return of_users | {
        table: _empty_query([*account, *((str(column["name"]), str(column["data_type"])) for column in columns)])
        for stream in STREAMS
        for table, columns in table_columns(stream, stream_model(stream), hint_rules(stream)).items()
    }


def _empty_query(columns: Iterable[tuple[str, str]]) -> str:
    nulls = ", ".join(f"CAST(NULL AS {SQL_TYPES[kind]}) AS {quoted(name)}" for name, kind in columns)
    return f"SELECT {nulls} FROM {SPINE.table} WHERE 1 = 0"  # noqa: S608 - names of columns
