"""`partner-central tables`: lists tables and views."""

from __future__ import annotations

from typing import Annotated

import typer

from ..query.output_formats import OutputFormat
from .options import AccountOption, CatalogOption, DatabaseOption, DatasetOption, DestinationOption
from .run import run_command, settings_to_read


def tables(
    form: Annotated[OutputFormat, typer.Option("--format", "-f", help="How the lines are printed.")] = "table",
    catalog: CatalogOption = None,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
    account: AccountOption = None,
    database: DatabaseOption = None,
) -> None:
    """List the tables and views that can be queried, with a line on what each holds. Makes no call to AWS."""
    with run_command():
        from ..query.listing import COLUMNS, list_tables
        from ..query.output_formats import print_rows
        from ..query.read_only import nothing_loaded, open_read_only

        with open_read_only(settings_to_read(account, catalog, destination, dataset, database)) as client:
            lines = list_tables(client)
            if not lines:
                raise nothing_loaded(client)
            print_rows(COLUMNS, lines, form)
