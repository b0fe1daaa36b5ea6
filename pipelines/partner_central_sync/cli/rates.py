"""`partner-central rates`: exchange rates, for amounts in a reporting currency."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..console.streams import print_line
from .options import AccountOption, CatalogOption, DatabaseOption, DatasetOption, DestinationOption
from .run import run_command, settings_to_read

rates = typer.Typer(
    no_args_is_help=True,
    help="Exchange rates, with which the views have amounts in a reporting currency.",
)


@rates.command("import", epilog="Exit codes: see partner-central --help.")
def import_rates(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Columns from, to, rate, valid_from.")],
    catalog: CatalogOption = None,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
    account: AccountOption = None,
    database: DatabaseOption = None,
) -> None:
    """Store the exchange rates of a file, in the place of all that are stored. Makes no call to AWS.

    A line such as EUR,USD,1.08,2026-01-01 says how much of the reporting currency one unit is, and from which day on.
    All lines have the same reporting currency. Views use the newest rate that is valid; without a rate, amounts are
    never added across currencies.
    """
    with run_command() as console:
        from ..sync.exchange_rates import read_rates, store_rates

        found = read_rates(file)
        settings = settings_to_read(account, catalog, destination, dataset, database)
        location = store_rates(found, settings, console)
        console.close()
        print_line(f"{len(found):,} exchange rates are stored in {settings.dataset_name}.currency_rates of {location}.")
