"""`partner-central report`: writes the page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..console.streams import print_line
from .options import AccountOption, CatalogOption, DatabaseOption, DatasetOption, DestinationOption
from .run import run_command, settings_to_read


def report(
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("report.html"),
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    catalog: CatalogOption = None,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
    account: AccountOption = None,
    database: DatabaseOption = None,
) -> None:
    """Write a page about the pipeline: one HTML file that loads nothing from anywhere. Makes no call to AWS."""
    with run_command():
        from ..report import write_report

        path = write_report(settings_to_read(account, catalog, destination, dataset, database), out)
        print_line(f"The report is in {path}")
        if show:
            import webbrowser

            webbrowser.open(path.as_uri())
