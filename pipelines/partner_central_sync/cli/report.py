"""`partner-central report`: writes the page."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

from ..console.streams import print_line
from .options import AccountOption, CatalogOption, DatabaseOption, DatasetOption, DestinationOption
from .run import run_command, settings_to_read


def parse_since(text: str | None) -> date | Literal["last"] | None:
    """Returns the day that an option means.

    Raises:
        BadParameter: it is none.
    """
    if text is None:
        return None
    if text == "last":
        return "last"
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("a day such as 2026-05-31, or last", param_hint="--since") from None


def report(
    out: Annotated[
        Path | None, typer.Option(help="The file to write. [default: report.html, or report.pdf]", show_default=False)
    ] = None,
    form: Annotated[
        Literal["html", "pdf"],
        typer.Option(
            "--format", "-f", help="A page for the browser, or one to print. PDF needs an installed Chromium."
        ),
    ] = "html",
    since: Annotated[
        str | None,
        typer.Option(
            metavar="DATE|last",
            help="Show what changed since this day, or since the last report on older data. [default: 7 days before "
            "the newest change]",
            show_default=False,
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    catalog: CatalogOption = None,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
    account: AccountOption = None,
    database: DatabaseOption = None,
) -> None:
    """Write a page about the pipeline: one HTML file that loads nothing from anywhere. Makes no call to AWS."""
    with run_command() as console:
        from ..report import write_report

        settings = settings_to_read(account, catalog, destination, dataset, database)
        if account is None:
            settings = replace(settings, account=None)  # all that share the dataset
        path = write_report(settings, out or Path(f"report.{form}"), parse_since(since), form, console.warn)
        console.close()
        print_line(f"The report is in {path}")
        if show:
            import webbrowser

            webbrowser.open(path.as_uri())
