"""`partner-central status`: reports what is loaded and what is pending."""

from __future__ import annotations

import typer

from .options import AccountOption, AllAccountsOption, CatalogOption, DatasetOption, DestinationOption
from .run import run_command, selected_accounts, settings_from, settings_of_each


def status(
    catalog: CatalogOption = None,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
    account: AccountOption = None,
    all_accounts: AllAccountsOption = False,
) -> None:
    """Show what is loaded, up to which watermark, when last, and what is pending. Makes no call to AWS."""
    with run_command():
        from ..sync.status import status as look

        accounts = selected_accounts(account, catalog, dataset, every=all_accounts)
        for settings in settings_of_each(accounts, settings_from(catalog, destination, dataset)):
            for subject, text in look(settings):
                typer.echo(f"{subject:<22} {text}")
