"""The SQL views of `pipelines/views`: one text each, written for DuckDB, created in whatever dialect a destination has.

A view is created when its text or the destination is new, and else costs a run the reading of some small files: the
working folder, which stands and falls with its destination, remembers what was created last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import dlt
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.destinations.sql_client import SqlClientBase

from .outcome import Exit, explain
from .report import Report

if TYPE_CHECKING:
    from sqlglot import exp

WRITTEN_FOR = "duckdb"
CREATED, FAILED = "partner_central_views", "partner_central_views_failed"
LOCK_TIMEOUT = "10s"  # for PostgreSQL, where whoever reads a view keeps others from replacing it


def keep_views(pipeline: dlt.Pipeline, report: Report) -> None:
    """Create the views if they are not what they should be. What goes wrong is said once, and tried again next time."""
    fingerprint, known = _fingerprint(), cast("Mapping[str, Any]", pipeline.state["_local"])
    if known.get(CREATED) == fingerprint:
        return
    client = pipeline.destination_client()
    if not isinstance(client, SqlJobClientBase):
        return
    try:
        with client:
            done = create_views(client)
    except Exception as error:
        code, reason = explain(error)
        if code is Exit.INTERRUPTED:
            raise
        if known.get(FAILED) != reason:
            report.warn(f"All rows are loaded, but the views could not be created: {reason}")
            pipeline.set_local_state_val(FAILED, reason)
        return
    if done:
        pipeline.set_local_state_val(CREATED, fingerprint)


def create_views(client: SqlJobClientBase) -> bool:
    """Create or replace every view of an open destination, all or none where it can; False if tables are missing yet.

    Raises:
        Exception: the destination's own, when it refuses a view: dlt's wrapper of it.
    """
    texts = view_texts()
    if not all(columns for _, columns in client.get_storage_tables(sorted(_tables_read()))):
        return False
    sql = client.sql_client
    creations = [
        f"CREATE OR REPLACE VIEW {sql.make_qualified_table_name(name)} AS {translated(text, sql)}"
        for name, text in texts.items()
    ]
    try:
        _run(creations, client)
    except Exception:
        if not client.capabilities.supports_ddl_transactions:
            raise
        # PostgreSQL replaces no view by one with other columns
        drops = [f"DROP VIEW IF EXISTS {sql.make_qualified_table_name(name)}" for name in reversed(list(texts))]
        _run([*drops, *creations], client)
    return True


@cache
def view_texts() -> Mapping[str, str]:
    """The SQL of every view by name, each after the views it reads."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(_folder().glob("*.sql"))}
    needs = {name: _reads(text) & texts.keys() for name, text in texts.items()}
    return {name: texts[name] for name in TopologicalSorter(needs).static_order()}


def translated(text: str, sql: SqlClientBase[Any]) -> str:
    """A query in the destination's dialect, with qualified names of tables and views.

    DuckDB gets it as it stands: there, a view finds bare names in its own schema, also when the file is attached under
    another name, while DuckDB takes the catalog out of names, and then finds `partner_central.x` ambiguous.
    """
    import sqlglot
    from sqlglot import exp

    dialect = dialect_of(sql)
    if dialect == WRITTEN_FOR:
        return text
    query = sqlglot.parse_one(text, dialect=WRITTEN_FOR)
    for table in _outer_tables(query):
        qualified = exp.to_table(sql.make_qualified_table_name(table.name), dialect=dialect)
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
        for part in ("this", "db", "catalog"):
            table.set(part, qualified.args.get(part))
    return query.sql(dialect=dialect, comments=False, unsupported_level=sqlglot.ErrorLevel.IGNORE)


def dialect_of(sql: SqlClientBase[Any]) -> str:
    """Sqlglot's name of the dialect a destination speaks."""
    return str(sql.capabilities.sqlglot_dialect or WRITTEN_FOR)


def _run(statements: Iterable[str], client: SqlJobClientBase) -> None:
    sql = client.sql_client
    atomic = client.capabilities.supports_ddl_transactions
    transaction: AbstractContextManager[Any] = sql.begin_transaction() if atomic else nullcontext()
    with transaction:
        if dialect_of(sql) == "postgres":
            sql.execute_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        for statement in statements:
            sql.execute_sql(statement)


@cache
def _tables_read() -> set[str]:
    """The tables that the views need."""
    texts = view_texts()
    return set[str]().union(*map(_reads, texts.values())) - texts.keys()


def _reads(text: str) -> set[str]:
    """The tables and views that a query reads."""
    import sqlglot

    return {table.name for table in _outer_tables(sqlglot.parse_one(text, dialect=WRITTEN_FOR))}


def _outer_tables(query: exp.Expr) -> list[exp.Table]:
    """The tables of a query that are none of its own WITH clauses."""
    from sqlglot import exp

    own = {clause.alias for clause in query.find_all(exp.CTE)}
    return [table for table in query.find_all(exp.Table) if table.name not in own]


def _fingerprint() -> str:
    """A hash of all that decides what the views are: their texts, and how they are translated."""
    digest = hashlib.sha256()
    for path in (Path(__file__), *sorted(_folder().glob("*.sql"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def _folder() -> Path:
    """The SQL files: inside the installed package, or beside it in a clone."""
    here = Path(__file__).parent
    installed = here / "view_sql"
    return installed if installed.is_dir() else here.parent / "views"
