"""What dlt writes for warehouses that cannot be started here: tables and merges, read in the warehouse's dialect."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.common.destination import PreparedTableSchema
from dlt.common.schema.utils import get_nested_tables
from dlt.destinations.job_client_impl import SqlJobClientBase, SqlJobClientWithStagingDataset
from sqlglot import exp, parse

from adversarial_server import AdversarialServer, nasty_records
from oracle import COLUMNS, CUSTOMER_SPEND, DELIVERY_MODELS, ROOT
from partner_central import ChunkedLoad, partner_central
from partner_central.public import SPINE, STREAMS, Stream
from partner_central.tables import stored_columns
from partner_central_emulator import Emulator
from partner_central_sync import destinations
from partner_central_sync.destinations.merge import WithMerge
from partner_central_sync.sync import run_log, working_folder
from partner_central_sync.views.files import view_texts
from partner_central_sync.views.translation import columns_of, names_read, translate
from partner_central_sync.views.user_tables import USER_TABLES, UserTable, make_table
from startable_destinations import Warehouse
from views.test_views import opened
from worked_answers import ANSWERS
from worked_example import SMALL_CASE, Row, make_tables

REJECTED = "opportunities_rejected"
# A private key nobody uses: BigQuery's client reads it when it is made.
SETTINGS = {
    "motherduck": {"CREDENTIALS": "md:sales?motherduck_token=token"},
    "redshift": {"CREDENTIALS": "redshift://loader:password@example.com:5439/sales"},
    "databricks": {
        "CREDENTIALS__SERVER_HOSTNAME": "example.com",
        "CREDENTIALS__HTTP_PATH": "/sql/1.0/warehouses/1",
        "CREDENTIALS__CATALOG": "sales",
        "CREDENTIALS__ACCESS_TOKEN": "token",
    },
    "clickhouse": {"CREDENTIALS": "clickhouse://loader:password@example.com:9440/sales"},
    "snowflake": {"CREDENTIALS": "snowflake://loader:password@account/SALES?warehouse=LOADING&role=LOADER"},
    "bigquery": {
        "CREDENTIALS__PROJECT_ID": "sales",
        "CREDENTIALS__PRIVATE_KEY": "none",
        "CREDENTIALS__CLIENT_EMAIL": "loader@example.iam.gserviceaccount.com",
    },
}
NULL = "ᴺᵁᴸᴸ"  # as ClickHouse writes it
NUMBER = re.compile(r"-?[0-9]+([.][0-9]+)?")
DIALECTS = os.environ.get("DIALECTS", "motherduck redshift").split()  # the Makefile has more


@dataclass(frozen=True)
class Types:
    """What a dialect calls the types of the columns."""

    amount: str
    moment: str
    text: str
    day: str = "DATE"
    comments: bool = False
    order: str = ""  # how rows of opportunities are laid out


BY_MONTH = "PARTITION BY TIMESTAMP_TRUNC(`last_modified_date`, MONTH)\nCLUSTER BY `id`"
TYPES = {
    "motherduck": Types("DECIMAL(38,2)", "TIMESTAMP WITH TIME ZONE", "VARCHAR"),
    "redshift": Types("numeric(38,2)", "timestamp with time zone", "varchar(max)", "date"),
    "databricks": Types("DECIMAL(38,2)", "TIMESTAMP", "STRING", comments=True),
    "clickhouse": Types("Decimal(38,2)", "DateTime64(6,'UTC')", "String", "Date32"),
    "snowflake": Types("NUMBER(38,2)", "TIMESTAMP_LTZ", "VARCHAR", comments=True),
    "bigquery": Types("BIGNUMERIC(38,2)", "TIMESTAMP", "STRING", comments=True, order=BY_MONTH),
}


Execute = Callable[[str], list[tuple[str, ...]]]


def duckdb() -> Execute:
    """What MotherDuck runs, here."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("ATTACH ':memory:' AS sales")
    for dataset in ("partner_central", "partner_central_staging"):
        connection.execute(f"CREATE SCHEMA sales.{dataset}")
    return lambda sql: [tuple(map(str, row)) for row in connection.execute(sql).fetchall()]


def clickhouse() -> Execute:
    """ClickHouse as a library, in memory."""
    from chdb.session import Session

    session = Session()
    session.query("CREATE DATABASE sales")
    session.query("USE sales")

    def execute(sql: str) -> list[tuple[str, ...]]:
        found = session.query(sql, "JSONStringsEachRow" if sql.startswith("SELECT") else "Null")
        return [tuple(json.loads(line).values()) for line in found.bytes().decode().splitlines()]

    return execute


ENGINES: dict[str, Callable[[], Execute]] = {"motherduck": duckdb, "clickhouse": clickhouse}


@dataclass(frozen=True)
class Written:
    """The statements of one destination."""

    name: str
    tables: dict[str, str]
    staging: dict[str, str]
    names: dict[str, tuple[str, str]]
    merges: list[str]
    views: dict[str, str]  # by their qualified names

    def parsed(self, statements: list[str]) -> list[exp.Expression]:
        dialect = "duckdb" if self.name == "motherduck" else self.name
        found = [tree for statement in statements for tree in parse(statement, read=dialect) if tree is not None]
        assert not [tree for tree in found if isinstance(tree, exp.Command)]  # what sqlglot cannot read
        return found


@pytest.fixture(params=DIALECTS, scope="module")
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The statements for a load as the product makes it, up to where it would connect; made once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        return _written(request.param, tmp_path_factory.mktemp(request.param), patch)


def _written(name: str, folder: Path, patch: pytest.MonkeyPatch) -> Written:
    for setting, value in SETTINGS[name].items():
        patch.setenv(f"DESTINATION__{name.upper()}__{setting}", value)
    patch.setattr(stored_columns, "stored_columns", lambda _: {})  # nothing is connected to
    pipeline = working_folder.attach(Warehouse(folder, "", name).settings())
    with AdversarialServer(nasty_records(7, 60, unknown=False)) as server:
        _extract(pipeline, Warehouse(folder, server.endpoint, name), SPINE)
    with Emulator(opportunities=12, rps=None) as emulator:  # the adversarial server has one operation
        for stream in STREAMS:
            if stream is not SPINE:
                _extract(pipeline, Warehouse(folder, emulator.endpoint, name), stream)
    pipeline.normalize()  # also writes the rows in the destination's format
    client = pipeline.destination_client()
    assert isinstance(client, SqlJobClientWithStagingDataset)
    known = pipeline.default_schema.data_table_names(include_incomplete=True)
    tables = {table: _create(client, table) for table in known}
    with client.sql_client.with_staging_dataset():
        staging = {table: _create(client, table) for table in known}
    tables |= {name: _create_user_table(client, table, patch) for name, table in USER_TABLES.items()}
    names = {table: client.sql_client.get_qualified_table_names(table) for table in tables}
    merges = [statement for root in (ROOT, REJECTED) for statement in _merge(client, root)]
    views = {
        client.sql_client.make_qualified_table_name(view): translate(text, client)
        for view, text in view_texts().items()
    }
    return Written(name, tables, staging, names, merges, views)


def _extract(pipeline: dlt.Pipeline, place: Warehouse, stream: Stream) -> None:
    with ChunkedLoad() as run:
        while run.has_more():
            options = {
                "tables": [stream.table],
                "details_of": ["O10000001"],
            }  # an id makes tables of what is read by ids
            source = partner_central(chunked_load=run, **place.settings().source_arguments() | options)
            run_log.add_to_schema(source.schema)
            pipeline.extract(destinations.get(place.destination).adapt_source(source))


def _create(client: SqlJobClientBase, table: str) -> str:
    columns = list(client.schema.get_table_columns(table).values())
    return ";\n".join(client._get_table_update_sql(table, columns, generate_alter=False))


def _create_user_table(client: SqlJobClientBase, table: UserTable, patch: pytest.MonkeyPatch) -> str:
    statements: list[str] = []
    patch.setattr(client.sql_client, "execute_sql", statements.append)
    assert make_table(client, table)
    (statement,) = statements
    return statement


def _merge(client: SqlJobClientBase, root: str) -> list[str]:
    chain: list[PreparedTableSchema] = []
    for table in get_nested_tables(client.schema.tables, root):
        prepared = client.prepare_load_table(table["name"])
        assert prepared is not None
        chain.append(prepared)
    assert isinstance(client, WithMerge)
    (job,) = client._merge_requests(chain)
    return Path(job.new_file_path()).read_text().splitlines()  # dlt writes one statement a line


def test_tables_are_written_with_all_columns_in_types_that_hold_them(written: Written) -> None:
    types = TYPES[written.name]
    for table, known in {**COLUMNS, REJECTED: dict.fromkeys(("id", "reason", "record"), "VARCHAR")}.items():
        (create, *_) = written.parsed([written.tables[table]])
        assert isinstance(create, exp.Create)
        assert create.find(exp.Schema)
        for column, kind in known.items():
            wanted = {
                "VARCHAR": types.text,
                "DECIMAL": types.amount,
                "DATE": types.day,
                "TIMESTAMP WITH TIME ZONE": types.moment,
            }.get(kind, "")
            assert re.search(
                rf"""["`]?\b{column}\b["`]?\s+(?:Nullable\()?{re.escape(wanted)}""",
                written.tables[table],
                re.IGNORECASE,
            ), f"{table}.{column} is no {wanted}: {written.tables[table]}"
    described = "Id of the opportunity this row belongs to." in written.tables[DELIVERY_MODELS]
    assert described == types.comments
    assert types.order in written.tables[ROOT]


def test_a_merge_replaces_the_old_rows_of_every_table_by_the_new_ones(written: Written) -> None:
    trees = written.parsed(written.merges)
    for table in (ROOT, DELIVERY_MODELS, CUSTOMER_SPEND, REJECTED):
        deleted = [tree for tree in trees if isinstance(tree, exp.Delete | exp.Merge) and _is(tree, table)]
        inserted = [tree for tree in trees if isinstance(tree, exp.Insert) and _is(tree, table)]
        assert deleted, table
        assert len(inserted) == 1, table
        assert max(map(trees.index, deleted)) < trees.index(inserted[0])


@pytest.mark.parametrize("written", [name for name in DIALECTS if name in ENGINES], indirect=True)
def test_the_statements_do_what_they_should_in_the_engine_itself(written: Written) -> None:
    execute = ENGINES[written.name]()
    for create in (*written.tables.values(), *written.staging.values()):
        execute(create)
    far = "9999-12-31"
    amount = "123456789012345678901234567890123456.12"
    for dataset, version, entries in ((0, "old", ("a", "b")), (1, "new", ("c",))):
        root, models, spend = (written.names[table][dataset] for table in COLUMNS)
        execute(
            f"INSERT INTO {root} (id, arn, last_modified_date, life_cycle_target_close_date, _dlt_load_id, _dlt_id) "
            f"VALUES ('O1', '{version}', '2026-01-05 09:00:00', '{far}', '1', '{version}')"
        )
        links = "opportunity_id, _dlt_root_id, _dlt_parent_id, _dlt_list_idx, _dlt_id"
        for number, entry in enumerate(entries):
            linked = f"'O1', '{version}', '{version}', {number}, '{entry}'"
            execute(f"INSERT INTO {models} (value, {links}) VALUES ('{entry}', {linked})")
            execute(f"INSERT INTO {spend} (amount, {links}) VALUES ('{amount}', {linked})")
    for statement in written.merges:
        execute(statement)
    root, models, spend = (written.names[table][0] for table in COLUMNS)
    assert execute(
        f"SELECT r.id, r.arn, r.life_cycle_target_close_date, m.value, s.amount "
        f"FROM {root} AS r JOIN {models} AS m ON r.id = m.opportunity_id JOIN {spend} AS s ON r.id = s.opportunity_id"
    ) == [("O1", "new", far, "c", amount)]


def test_every_view_can_be_read_in_its_dialect(written: Written) -> None:
    assert len(written.parsed([*written.views.values()])) == len(view_texts())


@pytest.mark.parametrize("written", [name for name in DIALECTS if name == "clickhouse"], indirect=True)
def test_every_view_of_clickhouse_holds_what_the_worked_example_says(written: Written) -> None:
    execute = _with_views(written)
    answered = 0
    for name in written.views:
        columns, wanted = ANSWERS.get(name.strip("`").split("___")[-1], (None, None))
        found = execute(f"SELECT {'*' if columns is None else ', '.join(columns)} FROM {name}")
        if wanted is not None:
            answered += 1
            assert sorted(map(_plain, found)) == sorted(map(_plain, wanted)), name
    assert answered == len(ANSWERS)


@pytest.mark.parametrize("written", [name for name in DIALECTS if name == "clickhouse"], indirect=True)
def test_views_of_clickhouse_show_null_where_a_join_finds_nothing(written: Written, tmp_path: Path) -> None:
    """Whichever table is empty, and for a reader who may set nothing, they show what those of DuckDB show."""
    texts = {name: text for name, text in view_texts().items() if "LEFT JOIN" in text}
    assert len(texts) > 7
    execute = _with_views(written)
    views = {view.strip("`").split("___")[-1]: view for view in written.views}
    with opened("duckdb", "", tmp_path, "partner_central", SMALL_CASE) as client:
        sql = client.sql_client
        for table, rows in SMALL_CASE.items():
            execute(f"TRUNCATE TABLE {written.names[table][0]}")
            sql.execute_sql(f"DELETE FROM {sql.make_qualified_table_name(table)}")
            for name in (name for name, text in texts.items() if table in _reads(text)):
                columns = ", ".join(columns_of(texts[name]))
                found = execute(f"SELECT {columns} FROM {views[name]} SETTINGS readonly = 1")
                wanted = sql.execute_sql(f"SELECT {columns} FROM {sql.make_qualified_table_name(name)}") or ()
                assert sorted(map(_plain, found)) == sorted(map(_plain, wanted)), f"{name} without {table}"
            make_tables(sql, {table: rows})
            _insert(execute, written, table, rows)


def _reads(text: str) -> set[str]:
    """The tables that a view reads, and that those views read which it joins."""
    names = names_read(text)
    return names.union(*(names_read(view_texts()[name]) for name in names & view_texts().keys()))


def _with_views(written: Written) -> Execute:
    """ClickHouse with the worked example and all views."""
    execute = clickhouse()
    for create in written.tables.values():
        execute(create)
    for table, rows in SMALL_CASE.items():
        _insert(execute, written, table, rows)
    for name, query in written.views.items():
        execute(f"CREATE VIEW {name} AS {query}")
    return execute


def _insert(execute: Execute, written: Written, table: str, rows: list[Row]) -> None:
    for row in rows:
        values = {name: value for name, value in row.items() if value is not None}
        execute(
            f"INSERT INTO {written.names[table][0]} ({', '.join(values)}) "
            f"VALUES ({', '.join(map(_literal, values.values()))})"
        )


def _literal(value: Any) -> str:
    """A value as ClickHouse reads it."""
    if isinstance(value, bool | int):
        return str(value).lower()
    text = f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else str(value)
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _plain(row: tuple[Any, ...]) -> tuple[str, ...]:
    """A row with values of one kind written in one way: ClickHouse has no type of its own for every truth."""
    return tuple(_text(value) for value in row)


def _text(value: Any) -> str:
    if isinstance(value, datetime) and value.tzinfo:
        value = value.astimezone(UTC)
    text = f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else str(value)
    text = {"None": NULL, "True": "1", "False": "0", "true": "1", "false": "0"}.get(text, text)
    return f"{Decimal(text):f}".rstrip("0").rstrip(".") if NUMBER.fullmatch(text) and "." in text else text


def _is(tree: exp.Expression, table: str) -> bool:
    found = tree.find(exp.Table)
    return found is not None and found.name.lower().split("___")[-1] == table
