"""`partner-central query`: runs one SELECT."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ..query.output_formats import OutputFormat
from .options import CatalogOption, DatasetOption, DestinationOption
from .run import run_command, settings_from


def query(
    sql: Annotated[
        str, typer.Argument(metavar="SQL", help="One SELECT, in the SQL of the destination; - reads it in.")
    ],
    form: Annotated[OutputFormat, typer.Option("--format", "-f", help="How the rows are printed.")] = "table",
    catalog: CatalogOption = None,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
) -> None:
    """Query the data with SQL, read only. Tables and views are found by their bare names.

    For example: partner-central query "SELECT * FROM stalled ORDER BY days_unchanged DESC"
    """
    with run_command():
        from ..query.output_formats import print_rows
        from ..query.read_only import open_read_only, run_query

        text = sys.stdin.read() if sql == "-" else sql
        with open_read_only(settings_from(catalog, destination, dataset)) as client, run_query(client, text) as answer:
            print_rows(answer.columns, answer.rows, form)
