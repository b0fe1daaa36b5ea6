"""The SQL views of `pipelines/views`: one text each, written for DuckDB, created in whatever dialect a destination has.

A view is created when its text or the destination is new, and else costs a run the reading of some small files: the
working folder, which stands and falls with its destination, remembers what was created last.
"""

from __future__ import annotations

import hashlib
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

from ..console.exit_codes import ExitCode
from ..console.failures import exit_code_and_message
from ..console.output import Console
from ..destinations import of, split_columns
from ..destinations.base import DEFAULT_DIALECT
from ..destinations.pipeline_state import state_of_source
from ..destinations.split_columns import join_columns, use_joined

if TYPE_CHECKING:
    from sqlglot import exp

CREATED, FAILED = "partner_central_views", "partner_central_views_failed"


def keep_views(pipeline: dlt.Pipeline, console: Console) -> None:
    """Create the views if they are not what they should be. What goes wrong is said once, and tried again next time."""
    others = _plain_names(pipeline)
    fingerprint, known = _fingerprint(pipeline, others), cast("Mapping[str, Any]", pipeline.state["_local"])
    if known.get(CREATED) == fingerprint:
        return
    client = pipeline.destination_client()
    if not isinstance(client, SqlJobClientBase):
        return
    try:
        with client:
            done = create_views(client, others)
    except Exception as error:
        code, reason = exit_code_and_message(error)
        if code is ExitCode.INTERRUPTED:
            raise
        if known.get(FAILED) != reason:
            console.warn(f"All rows are loaded, but the views could not be created: {reason}")
            pipeline.set_local_state_val(FAILED, reason)
        return
    if done:
        pipeline.set_local_state_val(CREATED, fingerprint)


def create_views(client: SqlJobClientBase, others: Collection[str] = ()) -> bool:
    """Create or replace every view of an open destination, all or none where it can; False if tables are missing yet.

    Args:
        client: the destination's.
        others: names of columns that are no sibling of another column, whatever they are called.

    Raises:
        Exception: the destination's own, when it refuses a view: dlt's wrapper of it.
    """
    texts = view_texts()
    tables = dict(client.get_storage_tables(sorted(_tables_read())))
    if not all(tables.values()):
        return False
    sql = client.sql_client
    joins = {table: text for table, held in tables.items() if (text := join_columns(table, _types(held), others))}
    creations = [
        f"CREATE OR REPLACE VIEW {sql.make_qualified_table_name(name)} AS {translate(text, client, joins)}"
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


def translate(text: str, client: SqlJobClientBase, joins: Mapping[str, str] = MappingProxyType({})) -> str:
    """A query in the destination's dialect, with qualified names of tables and views.

    DuckDB gets it as it stands: there, a view finds bare names in its own schema, also when the file is attached under
    another name, while DuckDB takes the catalog out of names, and then finds `partner_central.x` ambiguous.

    Args:
        text: the query, in DuckDB's dialect.
        client: the destination's.
        joins: queries to read in the place of tables.
    """
    import sqlglot
    from sqlglot import exp

    dialect = of(client).dialect(client)
    if not joins and dialect == DEFAULT_DIALECT:
        return text
    query = sqlglot.parse_one(text, dialect=DEFAULT_DIALECT)
    use_joined(query, _outer_tables(query), joins)
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


def _reads(text: str) -> set[str]:
    """The tables and views that a query reads."""
    import sqlglot

    return {table.name for table in _outer_tables(sqlglot.parse_one(text, dialect=DEFAULT_DIALECT))}


def _outer_tables(query: exp.Expr) -> list[exp.Table]:
    """The tables of a query that are none of its own WITH clauses."""
    from sqlglot import exp

    own = {clause.alias for clause in query.find_all(exp.CTE)}
    return [table for table in query.find_all(exp.Table) if table.name not in own]


def _fingerprint(pipeline: dlt.Pipeline, others: Collection[str]) -> str:
    """A hash of all that decides what the views are: their texts, how they are translated, columns of two types."""
    digest = hashlib.sha256()
    for path in (Path(__file__), Path(split_columns.__file__), *sorted(_folder().glob("*.sql"))):
        digest.update(path.read_bytes())
    tables: Mapping[str, Any] = pipeline.default_schema.tables if pipeline.default_schema_name else {}
    held = {name: _types(table["columns"]) for name, table in tables.items() if not name.startswith("_dlt")}
    digest.update("\n".join(split_columns.looks(held, others)).encode())
    return digest.hexdigest()


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
