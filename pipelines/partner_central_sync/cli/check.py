"""`partner-central check`: reports whether a sync would work."""

from __future__ import annotations

from dataclasses import replace

import typer

from ..console.exit_codes import ExitCode, of_several
from ..console.streams import print_line
from .options import (
    AccountOption,
    AllAccountsOption,
    CatalogOption,
    DatasetOption,
    DestinationOption,
    TablesOption,
    named_tables,
)
from .run import run_command, selected_accounts, settings_from, settings_of_each


def check(
    catalog: CatalogOption = None,
    tables: TablesOption = None,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
    account: AccountOption = None,
    all_accounts: AllAccountsOption = False,
) -> None:
    """Check whether a sync would work: identity, endpoint, destination, and the permission for each table.

    Asks AWS once for each table, for one record, and stores nothing. A sync leaves out a table that AWS refuses. Only
    if AWS refuses the opportunities, the check has failed. A queue of events that is configured must be usable as well.
    Its messages are counted, and none is received.
    """
    with run_command() as console:
        from ..sync.check import check as look

        codes: list[ExitCode] = []
        accounts = selected_accounts(account, catalog, dataset, every=all_accounts)
        base = replace(settings_from(catalog, destination, dataset), tables=named_tables(tables))
        for settings in settings_of_each(accounts, base):
            failed = ExitCode.DONE
            for finding in look(settings):
                failed = failed or finding.code
                print_line(f"{finding.mark:<4} {finding.subject:<12} {finding.text}")
            codes.append(failed)
        console.close()
        raise typer.Exit(of_several(codes))
