"""Creates the views of `pipelines/views`: one SQL text each, in DuckDB's dialect, translated for the destination.

A view is created once the tables that it reads are there. The working folder keeps a hash of what decides the views: a
run that would create the same ones reads some small files only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import dlt
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import plain_names_in

from ..console.exit_codes import INTERRUPTIONS
from ..console.failures import exit_code_and_message
from ..console.output import Console
from ..destinations import of, split_columns
from ..destinations.base import DEFAULT_DIALECT
from ..destinations.fenced_client import FencedFactory
from ..destinations.pipeline_state import state_of_source
from ..destinations.split_columns import join_columns, replace_by_joins

if TYPE_CHECKING:
    from sqlglot import exp

TRANSLATION_VERSION = 1  # raised when the same text becomes another statement, here or in split_columns.py
CREATED, FAILED = "partner_central_views", "partner_central_views_failed"


def keep_views(pipeline: dlt.Pipeline, console: Console) -> None:
    """Creates the views, unless they are as they should be. A failure is a warning, once; the next run tries again."""
    plain = _plain_names(pipeline)
    fingerprint, known = _fingerprint(pipeline, plain), cast("Mapping[str, Any]", pipeline.state["_local"])
    if known.get(CREATED) == fingerprint:
        return
    client = pipeline.destination_client()
    if not isinstance(client, SqlJobClientBase):
        return
    try:
        with client:
            missing = create_views(client, plain)
    except Exception as error:
        code, reason = exit_code_and_message(error)
        if code in INTERRUPTIONS:
            raise
        if known.get(FAILED) != reason:
            console.warn(f"All rows are loaded, but the views could not be created: {reason}")
            pipeline.set_local_state_val(FAILED, reason)
        return
    if missing.isdisjoint(_tables(pipeline)):
        pipeline.set_local_state_val(CREATED, fingerprint)


def create_views(client: SqlJobClientBase, plain: Collection[str] = ()) -> frozenset[str]:
    """Creates or replaces every view whose tables an open destination has, all or none where it can.

    Args:
        client: the destination's.
        plain: names of columns that are not a second column of a member, whatever they are called.

    Returns:
        The tables that are missing. Views that read them, or read such a view, are left out.

    Raises:
        Exception: the destination's own, when it refuses a view: dlt's wrapper of it.
    """
    sql, tables = client.sql_client, dict(client.get_storage_tables(sorted(_tables_read())))
    joins = {table: text for table, found in tables.items() if (text := join_columns(table, _types(found), plain))}
    missing = frozenset(table for table, columns in tables.items() if not columns)
    creations = [
        f"CREATE OR REPLACE VIEW {sql.make_qualified_table_name(name)} AS {translate(text, client, joins)}"
        for name, text in _views_without(missing).items()
    ]
    try:
        _run(creations, client)
    except Exception:
        if not client.capabilities.supports_ddl_transactions:
            raise
        # PostgreSQL replaces no view by one with other columns
        names = map(sql.make_qualified_table_name, reversed(list(view_texts())))
        _run([*(f"DROP VIEW IF EXISTS {name}" for name in names), *creations], client)
    return missing


def _views_without(missing: Collection[str]) -> dict[str, str]:
    """Returns the views that read none of these tables, nor a view that does."""
    left_out = set(missing)
    for name, text in view_texts().items():
        if not left_out.isdisjoint(_reads(text)):
            left_out.add(name)
    return {name: text for name, text in view_texts().items() if name not in left_out}


@cache
def view_texts() -> Mapping[str, str]:
    """Returns the SQL of every view by name, each after the views it reads."""
    texts = _texts()
    needs = {name: _reads(text) & texts.keys() for name, text in texts.items()}
    return {name: texts[name] for name in TopologicalSorter(needs).static_order()}


@cache
def _texts() -> dict[str, str]:
    """Returns the SQL of every view; unlike `view_texts`, without a parser."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(_folder().glob("*.sql"))}


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
    from sqlglot import exp

    dialect = of(client).dialect(client.capabilities)
    if not joins and dialect == DEFAULT_DIALECT:
        return text
    query = sqlglot.parse_one(text, dialect=DEFAULT_DIALECT)
    replace_by_joins(query, _outer_tables(query), joins)
    if dialect == DEFAULT_DIALECT:
        return query.sql(dialect=dialect)
    for table in _outer_tables(query):
        qualified = exp.to_table(client.sql_client.make_qualified_table_name(table.name), dialect=dialect)
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
        for part in ("this", "db", "catalog"):
            table.set(part, qualified.args.get(part))
    return query.sql(dialect=dialect, comments=False, unsupported_level=sqlglot.ErrorLevel.IGNORE)


def _run(statements: Iterable[str], client: SqlJobClientBase) -> None:
    sql = client.sql_client
    atomic = client.capabilities.supports_ddl_transactions
    transaction: AbstractContextManager[Any] = sql.begin_transaction() if atomic else nullcontext()
    with transaction:
        for statement in (*of(client).view_settings, *statements):
            sql.execute_sql(statement)


@cache
def _tables_read() -> set[str]:
    """The tables that the views need."""
    texts = view_texts()
    return set[str]().union(*map(_reads, texts.values())) - texts.keys()


@cache
def _reads(text: str) -> frozenset[str]:
    """The tables and views that a query reads."""
    import sqlglot

    return frozenset(table.name for table in _outer_tables(sqlglot.parse_one(text, dialect=DEFAULT_DIALECT)))


def _outer_tables(query: exp.Expr) -> list[exp.Table]:
    """The tables of a query that are none of its own WITH clauses."""
    from sqlglot import exp

    own = {clause.alias for clause in query.find_all(exp.CTE)}
    return [table for table in query.find_all(exp.Table) if table.name not in own]


def _fingerprint(pipeline: dlt.Pipeline, plain: Collection[str]) -> str:
    """Returns a hash of all that decides what the views are, but for the tables that somebody else changed."""
    columns = {name: _types(table["columns"]) for name, table in _tables(pipeline).items()}
    destination = cast("FencedFactory", pipeline.destination)
    decides = {
        "translation": TRANSLATION_VERSION,
        "dialect": destination.adapter.dialect(destination.capabilities()),
        "texts": _texts(),
        "tables": sorted(columns),
        "split columns": list(split_columns.apparent_split_columns(columns, plain)),
    }
    return hashlib.sha256(json.dumps(decides).encode()).hexdigest()


def _tables(pipeline: dlt.Pipeline) -> dict[str, Any]:
    """Returns the tables of dlt's schema, which the destination has as well, unless somebody dropped them."""
    schema = pipeline.default_schema if pipeline.default_schema_name else None
    return {str(table["name"]): table for table in schema.data_tables()} if schema else {}


def _types(columns: TTableSchemaColumns) -> dict[str, str]:
    """The types of columns, by name in lower case."""
    return {name.lower(): str(column.get("data_type")) for name, column in columns.items()}


def _plain_names(pipeline: dlt.Pipeline) -> set[str]:
    """The names of columns that unknown members have as the naming rule gives them."""
    return plain_names_in(state_of_source(pipeline.state) or {})


@cache
def _folder() -> Path:
    """The SQL files: inside the installed package, or beside it in a clone."""
    here = Path(__file__).parent
    installed = here.parent / "view_sql"
    return installed if installed.is_dir() else here.parents[1] / "views"
