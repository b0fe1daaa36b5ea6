"""`partner-central status`: reports what is loaded and what is pending."""

from __future__ import annotations

import typer

from .options import (
    AccountOption,
    AllAccountsOption,
    CatalogOption,
    DatabaseOption,
    DatasetOption,
    DestinationOption,
)
from .run import (
    has_accounts_to_choose,
    run_command,
    selected_accounts,
    settings_from,
    settings_of_each,
    with_database,
)


def status(
    catalog: CatalogOption = None,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
    account: AccountOption = None,
    all_accounts: AllAccountsOption = False,
    database: DatabaseOption = None,
) -> None:
    """Show what is loaded, up to which watermark, when last, and what is pending. Makes no call to AWS.

    Where accounts are listed, it shows each of them.
    """
    with run_command():
        from ..sync.status import status as look

        every = all_accounts or (account is None and has_accounts_to_choose(catalog, dataset))
        accounts = selected_accounts(account, catalog, dataset, every=every)
        base = with_database(settings_from(catalog, destination, dataset), database)
        for settings in settings_of_each(accounts, base):
            for subject, text in look(settings):
                typer.echo(f"{subject:<22} {text}")
