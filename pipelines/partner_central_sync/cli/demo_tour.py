"""Runs the demo: an emulated Partner Central, a first sync, days of changes, a second sync, SQL, and a page."""

from __future__ import annotations

import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import duckdb
from botocore.loaders import create_loader
from dlt.sources.credentials import AwsCredentials
from rich import box
from rich.console import Console as Terminal
from rich.table import Column, Table

from partner_central.public import with_extras
from partner_central_emulator import Emulator, use_loader

from ..console.output import Console
from ..destinations.duckdb_access import lock
from ..query.currency import group_digits
from ..report import write_report
from ..sync.job import sync
from ..sync.settings import Settings

DATABASE, PAGE = Path("partner_central_demo.duckdb"), Path("partner_central_demo.html")
DAYS = 5
QUESTIONS = (
    (
        "What is in the pipeline, by stage, and how much of it has AWS approved?",
        """SELECT life_cycle_stage AS stage, opportunities_in_stage AS opportunities,
       validated_in_stage AS approved, monthly_amount AS usd_a_month
FROM pipeline_by_stage
WHERE currency_code = 'USD'""",
    ),
    (
        "Which deals should have closed already?",
        """SELECT id, customer_company_name AS customer, days_overdue, monthly_spend
FROM past_target_close
LIMIT 5""",
    ),
    (
        "Which referrals from AWS wait for an answer, and for how long?",
        """SELECT engagement_title AS title, days_waiting, days_left
FROM referrals_waiting
LIMIT 5""",
    ),
)
NEXT = """The demo's data is in {database}. Ask it more, or open its page:

  {command} query --database {database} "SELECT * FROM changes_last_7_days LIMIT 5"
  {command} report --database {database} --open

With your own account:

  export AWS_PROFILE=...   # or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
  {command} check   # who you are, what you may do, what to fix
  {command} sync    # into ./partner_central.duckdb"""


def demo(console: Console) -> None:
    """Runs and prints the tour. It replaces `partner_central_demo.duckdb` and `.html` in the working folder."""
    terminal = Terminal(highlight=False, soft_wrap=True)
    DATABASE.unlink(missing_ok=True)
    DATABASE.with_suffix(".duckdb.wal").unlink(missing_ok=True)
    use_loader(with_extras(create_loader()))
    with tempfile.TemporaryDirectory() as folder, Emulator(opportunities=500, seed=1) as emulator:
        settings = _settings(emulator.endpoint, Path(folder))
        terminal.print(f"A local Partner Central runs on {emulator.endpoint}, with 500 invented opportunities.\n")
        terminal.print("First sync: everything.")
        console.print_summary(sync(settings, console))
        emulator.advance(days=DAYS)
        terminal.print(
            f"\n{DAYS} days pass: new opportunities, moved stages, slipped dates.\nSecond sync: what changed."
        )
        console.print_summary(sync(settings, console))
        page = f"A page about these data, for a browser: {write_report(settings, PAGE)}\n"
    with duckdb.connect(str(DATABASE), read_only=True) as connection:
        connection.execute("USE partner_central_demo.partner_central")
        lock(connection)
        terminal.print("\n[bold]What the tables hold[/bold]")
        terminal.print(_tables(connection))
        for question, query in QUESTIONS:
            terminal.print(f"[bold]{question}[/bold]\n\n{query}\n")
            terminal.print(_result(connection, query))
    terminal.print(page)
    terminal.print(NEXT.format(database=DATABASE, command=sys.argv[0]))


def _settings(endpoint: str, folder: Path) -> Settings:
    """A sync from the emulator, untouched by the user's own configuration and working folders."""
    keys = AwsCredentials()
    keys.aws_access_key_id, keys.aws_secret_access_key, keys.region_name = "demo", "demo", "us-east-1"
    source = {"credentials": keys, "endpoint_url": endpoint}
    return Settings(tables=("bulk",), database=DATABASE.absolute(), pipelines_dir=folder, source=source)


def _tables(connection: duckdb.DuckDBPyConnection) -> Table:
    """Returns every table of the dataset with its number of rows."""
    found = connection.execute(
        "SELECT table_name FROM duckdb_tables() "
        "WHERE schema_name = 'partner_central' AND NOT starts_with(table_name, '_dlt') ORDER BY ALL"
    ).fetchall()
    table = Table("table", Column("rows", justify="right"), box=box.SIMPLE_HEAD)
    for (name,) in found:
        count = connection.table(name).count("*").fetchall()[0][0]
        table.add_row(name, f"{count:,}")
    return table


def _result(connection: duckdb.DuckDBPyConnection, query: str) -> Table:
    """The answer to a query, as a table to print."""
    answer = connection.execute(query)
    names = [column[0] for column in answer.description or ()]
    rows = answer.fetchall()
    table = Table(box=box.SIMPLE_HEAD)
    for name, value in zip(names, rows[0] if rows else names, strict=True):
        table.add_column(name, justify="right" if isinstance(value, int | Decimal) else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(_format_value(value) for value in row))
    return table


def _format_value(value: object) -> str:
    return group_digits(value) if isinstance(value, int | Decimal) else "" if value is None else str(value)
