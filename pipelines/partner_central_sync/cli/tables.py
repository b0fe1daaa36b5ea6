"""`partner-central tables`: lists streams, tables and views."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from ..query.output_formats import OutputFormat
from .options import (
    AccountOption,
    CatalogOption,
    DatabaseOption,
    DatasetOption,
    DestinationOption,
    TablesOption,
    named_tables,
)
from .run import run_command, settings_to_read


def tables(
    form: Annotated[
        OutputFormat,
        typer.Option(
            "--format",
            "-f",
            help="How the lines are printed. In csv and json there is one list, in which streams have the kind stream.",
        ),
    ] = "table",
    tables: TablesOption = None,
    catalog: CatalogOption = None,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
    account: AccountOption = None,
    database: DatabaseOption = None,
) -> None:
    """List what can be loaded, and the tables and views that can be queried. Makes no call to AWS.

    First each stream: its operation, how it is read, and how many calls it takes to read it whole. For what is read one
    id at a time, it says how many days that takes at the present share, and how many ids wait. Whether AWS permits it
    is what the last run or check found. Then each table and view, with a line on what it holds.
    """
    with run_command():
        from ..query.listing import COLUMNS, OF_STREAMS, list_everything, list_tables, stream_lines
        from ..query.output_formats import print_rows
        from ..query.read_only import nothing_loaded, open_read_only
        from ..sync.stream_status import stream_statuses

        settings = settings_to_read(account, catalog, destination, dataset, database)
        settings = replace(settings, tables=named_tables(tables))
        with open_read_only(settings) as client:
            lines = list_tables(client)
            if not lines:
                raise nothing_loaded(client)
            streams = stream_lines(stream_statuses(client, settings))
            if form in {"csv", "csv-excel", "json"}:
                print_rows((*COLUMNS, *OF_STREAMS), list_everything(streams, lines), form)
            else:
                print_rows(("stream", *OF_STREAMS), streams, form)
                print_rows(COLUMNS, lines, form)
