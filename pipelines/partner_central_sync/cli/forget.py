"""`partner-central forget`: removes personal data that was stored in clear."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from ..console.streams import print_line
from .options import AccountOption, AllAccountsOption, CatalogOption, DatasetOption, DestinationOption, PiiMode
from .run import run_command, selected_accounts, settings_from, settings_of_each


def forget(
    pii: Annotated[
        PiiMode | None,
        typer.Option(help="What syncs do with personal data from now on: mask or drop. [default: as set]"),
    ] = None,
    catalog: CatalogOption = None,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
    account: AccountOption = None,
    all_accounts: AllAccountsOption = False,
) -> None:
    """After a change of pii to mask or drop: clean what is stored in clear. Makes no call to AWS.

    Cleans rows, versions, rejected records, staged rows, dlt's working folder and free blocks of files, and lists what
    it cannot reach. It can be run again, even after an interruption.
    """
    with run_command() as console:
        from ..forget.run import forget as clean

        accounts = selected_accounts(account, catalog, dataset, every=all_accounts)
        for settings in settings_of_each(accounts, settings_from(catalog, destination, dataset)):
            for line in clean(replace(settings, pii=pii), console):
                console.close()
                print_line(line)
