"""The statements that keep views in warehouses that cannot be started here, read in the warehouse's dialect."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from partner_central_sync import destinations
from partner_central_sync.destinations.views import store_of
from partner_central_sync.destinations.views.store import Stored, View, ViewStore
from partner_central_sync.views.files import head_of, view_texts
from partner_central_sync.views.keeping import fingerprint
from partner_central_sync.views.translation import columns_of, translate

FOREIGN = 'it\'s "theirs", with a \\ and\nanother line'
OLD = Stored("view", "0" * 16, "SELECT 1 AS id")


class Sql:
    """A client that notes statements, and answers what it is told to."""

    def __init__(self, destination: str) -> None:
        self.statements: list[str] = []
        self.answer: list[tuple[Any, ...]] = []
        self._upper = destination == "snowflake"
        self._quote = "`" if destination in {"bigquery", "databricks", "clickhouse"} else '"'
        self._flat = destination == "clickhouse"
        self.native_connection = Table()

    def make_qualified_table_name_path(self, name: str | None, *, quote: bool = True) -> list[str]:
        path = ["sales", f"data___{name}"] if self._flat else ["sales", "data", *([name] if name else [])]
        folded = [part.upper() if self._upper else part for part in path]
        return [f"{self._quote}{part}{self._quote}" for part in folded] if quote else folded

    def catalog_name(self) -> str | None:
        return None

    def make_qualified_table_name(self, name: str) -> str:
        return ".".join(self.make_qualified_table_name_path(name))

    def escape_column_name(self, name: str) -> str:
        return f"{self._quote}{name.upper() if self._upper else name}{self._quote}"

    def execute_sql(self, statement: str) -> list[tuple[Any, ...]]:
        self.statements.append(statement)
        return self.answer

    def execute_many(self, statements: list[str]) -> None:
        self.statements += statements


class Table:
    """A view as Google's client has it, and the client."""

    def __init__(self, **values: Any) -> None:
        self.values = values
        self.updated: list[list[str]] = []

    def get_table(self, name: str) -> Any:
        self.asked = name
        self.table = SimpleNamespace(view_query="", description="", schema=[Field("id", "STRING")])
        return self.table

    def update_table(self, table: Any, fields: list[str]) -> Any:
        self.updated.append(fields)
        return table


class Field:
    """A column as Google's client has it."""

    def __init__(self, name: str, kind: str, description: str = "") -> None:
        self.name, self.kind, self.description = name, kind, description

    def to_api_repr(self) -> dict[str, str]:
        return {"name": self.name, "kind": self.kind}

    @classmethod
    def from_api_repr(cls, values: dict[str, str]) -> Field:
        return cls(**values)


def store_for(destination: str) -> Any:
    dialect = "duckdb" if destination == "motherduck" else destination
    client: Any = SimpleNamespace(
        adapter=destinations.get(destination),
        capabilities=SimpleNamespace(sqlglot_dialect=dialect),
        sql_client=Sql(destination),
    )
    return store_of(client)


def view_for(store: ViewStore, name: str = "stalled") -> View:
    text = view_texts()[name]
    columns = {**head_of(text).columns, columns_of(text)[0]: FOREIGN}
    return View(name, translate(text, store.client), fingerprint(text, {}), head_of(text).comment(), columns)


@pytest.mark.parametrize("view", sorted(view_texts()))
@pytest.mark.parametrize("destination", ["snowflake", "databricks", "bigquery", "clickhouse"])
def test_a_view_is_created_with_its_comments_in_one_statement(destination: str, view: str) -> None:
    store = store_for(destination)
    wanted = view_for(store, view)
    store.sql.answer = [(column, "String") for column in columns_of(view_texts()[view])]
    store.put(wanted, None, {})
    statement = store.sql.statements[-1]
    assert statement.startswith("CREATE VIEW ")
    tree = sqlglot.parse_one(statement.replace(f"AS {wanted.query} COMMENT", "COMMENT", 1), dialect=destination)
    texts = {literal.this for literal in tree.find_all(exp.Literal) if literal.is_string}
    for comment in (*wanted.columns.values(), wanted.marked_comment):
        assert comment in texts or store.literal(comment) in statement


def test_snowflake_copies_grants_where_it_replaces_and_only_there() -> None:
    store = store_for("snowflake")
    view = view_for(store)
    store.put(view, None, {})
    store.put(view, OLD, {})
    created, replaced = store.sql.statements
    assert "COPY GRANTS" not in created
    assert replaced.startswith('CREATE OR REPLACE VIEW "SALES"."DATA"."STALLED" ("ID" COMMENT ')
    assert f") COPY GRANTS COMMENT = {store.literal(view.marked_comment)} AS SELECT" in replaced


def test_databricks_alters_a_view_and_marks_it_last() -> None:
    store = store_for("databricks")
    view = view_for(store)
    store.put(view, OLD, {})
    altered, *comments, marked = store.sql.statements
    assert altered == f"ALTER VIEW `sales`.`data`.`stalled` AS {view.query}"
    assert len(comments) == len(view.columns)
    assert marked == f"COMMENT ON TABLE `sales`.`data`.`stalled` IS {store.literal(view.marked_comment)}"


def test_bigquery_changes_a_view_over_the_api_and_marks_it_last() -> None:
    store = store_for("bigquery")
    view = view_for(store)
    store.put(view, OLD, {})
    google = store.sql.native_connection
    assert (store.sql.statements, google.asked) == ([], "sales.data.stalled")
    assert google.updated == [["view_query"], ["schema", "description"]]
    assert (google.table.view_query, google.table.description) == (view.query, view.marked_comment)
    assert [(field.kind, field.description) for field in google.table.schema] == [("STRING", FOREIGN)]


@pytest.mark.parametrize(
    ("destination", "kind"),
    [
        ("snowflake", "VIEW"),
        ("databricks", "VIEW"),
        ("bigquery", "VIEW"),
        ("clickhouse", "view"),
        ("redshift", "view"),
        ("motherduck", "view"),
        ("athena", "VIEW"),
    ],
)
def test_a_mark_is_found_again(destination: str, kind: str) -> None:
    store = store_for(destination)
    view = view_for(store)
    name = store.sql.make_qualified_table_name_path("stalled", quote=False)[-1]
    other = store.sql.make_qualified_table_name_path("changes", quote=False)[-1]
    store.sql.answer = [(name, kind, store.literal(view.marked_comment), "SELECT 1"), (other, "BASE TABLE", None, None)]
    found = store.stored(view_texts())
    assert {key: (one.is_view, one.fingerprint) for key, one in found.items()} == {
        "stalled": (True, view.fingerprint),
        "changes": (False, None),
    }
    (query,) = store.sql.statements
    assert "stalled" in query.lower()
    assert not isinstance(sqlglot.parse_one(query, dialect=store.dialect), exp.Command)


def test_a_view_of_an_earlier_release_is_known_by_its_text() -> None:
    store = store_for("snowflake")
    view = view_for(store)
    made = f'CREATE OR REPLACE VIEW "SALES"."DATA"."STALLED" AS {view.query}'
    assert store.makes(view, Stored("view", None, made))
    assert store.makes(view, Stored("view", None, f"{made}\n;"))
    for other in (made.replace("30", "31"), "SELECT 1 AS id", "", "this is not SQL (", None):
        assert not store.makes(view, Stored("view", None, other))


def test_redshift_reads_grants_where_it_lists_them() -> None:
    store = store_for("redshift")
    query = store.select_grants("'data'", "'stalled'")
    assert "svv_relation_privileges" in query
    assert not isinstance(sqlglot.parse_one(query, dialect="redshift"), exp.Command)
    assert store.settings == (), "Redshift knows no lock_timeout"
