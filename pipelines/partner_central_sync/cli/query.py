"""`partner-central query`: runs one statement that reads."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ..query.output_formats import OutputFormat
from .options import AccountOption, CatalogOption, DatabaseOption, DatasetOption, DestinationOption
from .run import run_command, settings_to_read


def query(
    sql: Annotated[
        str, typer.Argument(metavar="SQL", help="One SELECT, in the SQL of the destination; - reads it in.")
    ],
    form: Annotated[
        OutputFormat,
        typer.Option(
            "--format",
            "-f",
            help="How the rows are printed. In csv, formulas are as they are: a text may begin with = or +. In "
            "csv-excel, such a text has an apostrophe before it. A table becomes vertical where few rows are too wide.",
        ),
    ] = "table",
    catalog: CatalogOption = None,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
    account: AccountOption = None,
    database: DatabaseOption = None,
) -> None:
    """Query the data with SQL, read only. Tables and views are found by their bare names.

    For example: partner-central query "SELECT * FROM stalled ORDER BY days_unchanged DESC"

    The command tables lists what there is. SHOW TABLES, DESCRIBE and a name, and EXPLAIN work as well.
    """
    with run_command() as console:
        from .. import destinations
        from ..destinations import reading_role
        from ..query.output_formats import print_rows
        from ..query.read_only import open_read_only, run_query

        text = sys.stdin.read() if sql == "-" else sql
        settings = settings_to_read(account, catalog, destination, dataset, database)
        if not_guaranteed := reading_role.warning(destinations.get(settings.destination)):
            console.warn(not_guaranteed)
        with open_read_only(settings) as client, run_query(client, text) as answer:
            print_rows(answer.columns, answer.rows, form)
