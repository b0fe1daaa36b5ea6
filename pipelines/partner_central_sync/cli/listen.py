"""`partner-central listen`: loads what events name, as they come."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Annotated

import typer

from .options import (
    AccountOption,
    CatalogOption,
    DatasetOption,
    DestinationOption,
    LogFormatOption,
    QuietOption,
    TablesOption,
    VerboseOption,
    named_tables,
)
from .run import run_command, selected_accounts, settings_from


def listen(
    poll_every: Annotated[
        int,
        typer.Option(
            metavar="MINUTES", min=0, help="Make a whole sync so often, since events may be lost; 0 for the first only."
        ),
    ] = 60,
    gather: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=0, max=60, help="Load together what comes so soon after a first event."),
    ] = 1.0,
    tables: TablesOption = None,
    catalog: CatalogOption = None,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
    account: AccountOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    log_format: LogFormatOption = "text",
) -> None:
    """Wait for events in the queue, and load what they name within seconds.

    It begins with a sync. It ends at Ctrl-C or SIGTERM, after which nothing is lost: what was not loaded stays in the
    queue. A sync of cron may run beside it.
    """
    with run_command(log_format, quiet=quiet, verbose=verbose) as console:
        from ..sync.listen import listen as run_listen
        from ..sync.listen import queue_to_listen

        accounts = selected_accounts(account, catalog, dataset, every=False)
        base = settings_from(catalog, destination, dataset)
        settings = base if accounts is None else accounts[0].settings(base)
        run_listen(
            replace(settings, tables=named_tables(tables)),
            console,
            queue_to_listen(settings),
            poll_every=timedelta(minutes=poll_every),
            gather=gather,
        )
