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
    QuietOption,
    VerboseOption,
)
from .run import run_command, selected_accounts, settings_from


def sync(
    catalog: CatalogOption = None,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="Read everything again and merge. Heals what a listing can miss; weekly is plenty. One that was "
            "interrupted goes on, unless --since or --pii say something else than they did: then it begins anew.",
        ),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="Begin a first load, or a full one, at this LastModifiedDate (ISO 8601, UTC). Later runs go on from "
            "where the last one came. A load that was interrupted begins anew when this is another date.",
        ),
    ] = None,
    max_calls: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Stop after this many calls: what was read is loaded, and the next run goes on. An account has "
            "100,000 a day for all its programs.",
        ),
    ] = None,
    life_cycle_stage: Annotated[
        list[str] | None,
        typer.Option(help="Only this stage, e.g. Launched. Repeat for more; so for the other filters."),
    ] = None,
    life_cycle_review_status: Annotated[list[str] | None, typer.Option(help="Only this review status.")] = None,
    customer_company_name: Annotated[list[str] | None, typer.Option(help="Only this customer.")] = None,
    identifier: Annotated[list[str] | None, typer.Option(help="Only this opportunity id.")] = None,
    pii: Annotated[
        PiiMode | None,
        typer.Option(
            help="Names, addresses and free text of customers: as they are, as keyed hashes (which needs the secret "
            "pii_key), or left out. It holds for rows read from now on, and an interrupted load begins anew with it; "
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
            help="Load from another AWS account than the dataset was loaded from, and begin anew. Without it, other "
            "credentials than before are refused (exit 2).",
        ),
    ] = False,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
    account: AccountOption = None,
    all_accounts: AllAccountsOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    log_format: LogFormatOption = "text",
) -> None:
    """Load what is new or changed since the last sync.

    By default into partner_central.duckdb in this folder. A failed run changes nothing; the next one goes on. Each set
    of filters keeps its own place, and a row stays as it was last seen when its opportunity leaves the filter.
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

        accounts = selected_accounts(account, catalog, dataset, every=all_accounts)
        base = settings_from(catalog, destination, dataset)
        settings = replace(
            base,
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
            raise typer.Exit(sync_each(accounts, settings, console))
        summary = run_sync(settings, console)
        console.summary(summary)
        if summary.code:
            raise typer.Exit(summary.code)
