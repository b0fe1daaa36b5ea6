"""`partner-central check`: reports whether a sync would work."""

from __future__ import annotations

import typer

from ..console.exit_codes import ExitCode, of_several
from ..console.streams import print_line
from .options import AccountOption, AllAccountsOption, CatalogOption, DatasetOption, DestinationOption
from .run import run_command, selected_accounts, settings_from, settings_of_each


def check(
    catalog: CatalogOption = None,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
    account: AccountOption = None,
    all_accounts: AllAccountsOption = False,
) -> None:
    """Check whether a sync would work: identity, endpoint, permission, destination. Reads no data."""
    with run_command() as console:
        from ..sync.check import check as look

        codes: list[ExitCode] = []
        accounts = selected_accounts(account, catalog, dataset, every=all_accounts)
        for settings in settings_of_each(accounts, settings_from(catalog, destination, dataset)):
            failed = ExitCode.DONE
            for finding in look(settings):
                failed = failed or finding.code
                print_line(
                    f"{'ok  ' if finding.code is ExitCode.DONE else 'FAIL'} {finding.subject:<12} {finding.text}"
                )
            codes.append(failed)
        console.close()
        raise typer.Exit(of_several(codes))
