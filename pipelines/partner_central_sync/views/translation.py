"""The SQL of a view in the destination's dialect, and the names that it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from dlt.destinations.job_client_impl import SqlJobClientBase

from ..destinations import of
from ..destinations.base import DEFAULT_DIALECT
from ..destinations.split_columns import parsed, replace_by_joins

if TYPE_CHECKING:
    from sqlglot import exp

TRANSLATION_VERSION = 5  # raised when the same text becomes another statement, here or in split_columns.py


def translate(text: str, client: SqlJobClientBase, joins: Mapping[str, str] = MappingProxyType({})) -> str:
    """Returns a query in the destination's dialect, with qualified names of tables and views.

    DuckDB gets it unchanged. There, a view finds bare names in its own schema, even if the file is attached under
    another name. With qualified names, DuckDB takes the catalog out, and then finds `partner_central.x` ambiguous.

    Args:
        text: the query, in DuckDB's dialect.
        client: the destination's.
        joins: queries to read in the place of tables.
    """
    import sqlglot

    dialect = of(client).dialect(client.capabilities)
    if not joins and dialect == DEFAULT_DIALECT:
        return text
    if dialect == DEFAULT_DIALECT:
        return _for_duckdb(text, tuple(joins.items()))
    query = parsed(text).copy()
    replace_by_joins(query, _outer_tables(query), joins)
    name_tables(query, client.sql_client.make_qualified_table_name, dialect)
    of(client).adapt_view(query)
    return query.sql(dialect=dialect, comments=False, unsupported_level=sqlglot.ErrorLevel.IGNORE)


@cache
def _for_duckdb(text: str, joins: tuple[tuple[str, str], ...]) -> str:
    """Returns a query with others in the place of tables; a process with several accounts needs it for each."""
    query = parsed(text).copy()
    replace_by_joins(query, _outer_tables(query), dict(joins))
    return query.sql(dialect=DEFAULT_DIALECT)


def name_tables(query: exp.Expr, qualified_name: Callable[[str], str], dialect: str) -> None:
    """Gives each table and view that a query reads another name, and its own one as an alias.

    Args:
        query: the query, which is changed.
        qualified_name: returns the other name, in the dialect.
        dialect: sqlglot's name of it.
    """
    from sqlglot import exp

    for table in _outer_tables(query):
        qualified = exp.to_table(qualified_name(table.name), dialect=dialect)
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
        for part in ("this", "db", "catalog"):
            table.set(part, qualified.args.get(part))


@cache
def names_read(text: str) -> frozenset[str]:
    """Returns the tables and views that a query reads."""
    return frozenset(table.name for table in _outer_tables(parsed(text)))


@cache
def columns_of(text: str) -> tuple[str, ...]:
    """Returns the columns of a query, in their order."""
    return tuple(cast("exp.Query", parsed(text)).named_selects)


def _outer_tables(query: exp.Expr) -> list[exp.Table]:
    """The tables of a query that are none of its own WITH clauses."""
    from sqlglot import exp

    own = {clause.alias for clause in query.find_all(exp.CTE)}
    return [table for table in query.find_all(exp.Table) if table.name not in own]
