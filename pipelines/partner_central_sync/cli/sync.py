"""`partner-central sync`: loads what is new or changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from .options import (
    AccountOption,
    AllAccountsOption,
    CatalogOption,
    DatasetOption,
    DestinationOption,
    LogFormatOption,
    PiiMode,
    PingOption,
    QuietOption,
    TablesOption,
    VerboseOption,
    named_tables,
)
from .run import reported_by_ping, run_command, selected_accounts, settings_from


def sync(
    catalog: CatalogOption = None,
    tables: TablesOption = None,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="Read everything again and merge. Picks up what a listing can miss; once a week is enough. After an "
            "interruption it continues; with another --since or --pii it starts over.",
        ),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="Begin a first load, or a full one, at this LastModifiedDate (ISO 8601, UTC). Later runs continue "
            "where the last one ended. With another date, an interrupted load starts over.",
        ),
    ] = None,
    max_calls: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Stop after this many calls. What was read is loaded, and the next run continues. An account has "
            "100,000 a day for all its programs.",
        ),
    ] = None,
    life_cycle_stage: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STAGE", help="Only this stage, e.g. Launched. Repeat for more; so for the other filters."
        ),
    ] = None,
    life_cycle_review_status: Annotated[
        list[str] | None, typer.Option(metavar="STATUS", help="Only this review status.")
    ] = None,
    customer_company_name: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this customer.")] = None,
    identifier: Annotated[list[str] | None, typer.Option(metavar="ID", help="Only this opportunity id.")] = None,
    pii: Annotated[
        PiiMode | None,
        typer.Option(
            help="Names, addresses and free text of customers: as they are, as keyed hashes (which needs the secret "
            "pii_key), or left out. It holds for rows read from now on, and an interrupted load starts over with it; "
            "for what is stored: sync --full, then partner-central forget. [default: keep]"
        ),
    ] = None,
    accept_removals: Annotated[
        bool,
        typer.Option(
            "--accept-removals",
            help="With --full: mark as gone what this run finds no longer listed, however many they are. What an "
            "earlier run held back is not marked without being listed again.",
        ),
    ] = False,
    accept_account: Annotated[
        bool,
        typer.Option(
            "--accept-account",
            help="Load from another AWS account than the dataset was loaded from, and start over. Without it, other "
            "credentials than before are refused (exit 2).",
        ),
    ] = False,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
    account: AccountOption = None,
    all_accounts: AllAccountsOption = False,
    ping: PingOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    log_format: LogFormatOption = "text",
) -> None:
    """Load what is new or changed since the last sync.

    By default into partner_central.duckdb in this folder. The opportunities come first. A failed run leaves the cursor
    as it was, and the next one continues. Each set of filters has its own cursor. When an opportunity leaves the
    filter, its row stays as it was last seen. Other tables are read whole when that is due, after an hour.
    """
    filters = {
        "life_cycle_stage": life_cycle_stage or [],
        "life_cycle_review_status": life_cycle_review_status or [],
        "customer_company_name": customer_company_name or [],
        "identifier": identifier or [],
    }
    with run_command(log_format, quiet=quiet, verbose=verbose) as console:
        from ..sync.all_accounts import sync_each
        from ..sync.job import sync as run_sync

        with reported_by_ping(ping, console) as ended:
            accounts = selected_accounts(account, catalog, dataset, every=all_accounts)
            base = settings_from(catalog, destination, dataset)
            settings = replace(
                base,
                tables=named_tables(tables),
                full=full,
                since=since,
                max_calls=max_calls,
                filters=filters,
                pii=pii,
                accept_removals=accept_removals,
                accept_account=accept_account,
            )
            if accept_removals and not full:
                console.note("--accept-removals is about what this run lists: add --full, so that it lists everything.")
            if accounts:
                code = sync_each(accounts, settings, console)
                ended(code)
            else:
                summary = run_sync(settings, console)
                code = summary.code
                ended(code)
                console.print_summary(summary)
        if code:
            raise typer.Exit(code)
