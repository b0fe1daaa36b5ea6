"""Shared by all commands: configuration, messages, exit codes, and the selected accounts and dataset."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import typer

from ..console.streams import print_line
from .options import CatalogName, LogFormat

if TYPE_CHECKING:
    from ..console.exit_codes import ExitCode
    from ..console.output import Console
    from ..sync.accounts import Account
    from ..sync.settings import Settings


@contextmanager
def run_command(log_format: LogFormat = "text", *, quiet: bool = False, verbose: bool = False) -> Iterator[Console]:
    """Sets up configuration and messages, and turns whatever is raised into a message and an exit code."""
    from ..console.output import Console
    from ..console.secrets import mask_log
    from ..console.signals import end_the_run
    from ..sync.private_folder import private_files

    mask_log()
    console = Console(log_format, quiet=quiet, verbose=verbose)
    planning = logging.getLogger("partner_central.plan")
    planning.setLevel(logging.INFO)
    planning.addFilter(console.show_plan)
    try:
        from ..sync.settings import register_defaults

        end_the_run()
        register_defaults(verbose=verbose)
        with private_files():
            yield console
    except (typer.Exit, typer.BadParameter):
        raise
    except BaseException as error:  # noqa: BLE001 - every failure becomes a sentence and an exit code
        raise typer.Exit(console.print_failure(error)) from None
    finally:
        planning.removeFilter(console.show_plan)
        console.close()


@contextmanager
def reported_by_ping(url: str | None, console: Console) -> Iterator[Callable[[ExitCode], None]]:
    """Reports the run that is the block to the URL, or to that of the setting `partner_central.ping`.

    Yields:
        A function for the block to call with the exit code, before it prints its last line. An error is reported by
        its own code.
    """
    import dlt

    from ..console.failures import exit_code_and_message
    from ..console.ping import Ping

    ping = Ping(url or dlt.config.get("partner_central.ping", str), console.warn)
    ping.start()
    try:
        yield ping.end
    except BaseException as error:
        ping.end(exit_code_and_message(error)[0])
        raise


def selected_accounts(
    name: str | None, catalog: CatalogName | None, dataset: str | None, *, every: bool
) -> tuple[Account, ...] | None:
    """The listed accounts that the options select; None if the run is for one account without a list."""
    from ..sync import accounts

    if name is None and not every:
        return None
    if name is not None and every:
        raise typer.BadParameter("either one account or all", param_hint="--account, --all-accounts")
    if catalog is not None or dataset is not None:
        raise typer.BadParameter("the list of accounts has them for each", param_hint="--catalog, --dataset")
    listed = accounts.load_accounts()
    return listed if name is None else (accounts.find_account(listed, name),)


def settings_of_each(accounts: Sequence[Account] | None, base: Settings, *, show: bool = True) -> Iterator[Settings]:
    """Yields the settings of each account, after a line with its name if shown; without accounts, the base settings."""
    if accounts is None:
        yield base
        return
    for account in accounts:
        if show:
            print_line(f"{account.name}:")
        yield account.settings(base)


def settings_from(catalog: CatalogName | None, destination: str | None, dataset: str | None) -> Settings:
    """Returns the settings of a run, from the options that several commands have."""
    from ..sync.settings import DATASET, DATASET_RULE, Settings, configured_destination, configured_queue

    if dataset is not None and not DATASET.fullmatch(dataset):
        raise typer.BadParameter(DATASET_RULE, param_hint="--dataset")
    if catalog is None:
        import dlt

        from partner_central.public import ConfigurationError

        configured = dlt.config.get("sources.partner_central.catalog", str) or "AWS"
        if configured not in get_args(CatalogName):
            raise ConfigurationError(f"catalog is one of {', '.join(get_args(CatalogName))}, not {configured!r}.")
        catalog = "AWS" if configured == "AWS" else "Sandbox"
    return Settings(
        catalog,
        destination=destination or configured_destination(),
        dataset=dataset,
        events_queue=configured_queue(),
    )


def settings_to_read(
    account: str | None,
    catalog: CatalogName | None,
    destination: str | None,
    dataset: str | None,
    database: Path | None,
) -> Settings:
    """Returns where to read: the account that is named, or the only dataset of the listed accounts.

    Raises:
        ConfigurationError: there is no such account, or several could be meant.
    """
    from partner_central.public import ConfigurationError

    from ..sync.accounts import configured_accounts

    selected = selected_accounts(account, catalog, dataset, every=False)
    base = with_database(settings_from(catalog, destination, dataset), database)
    if selected is None and has_accounts_to_choose(catalog, dataset):
        listed = configured_accounts()
        if len({one.dataset for one in listed}) > 1:
            names = ", ".join(one.name for one in listed)
            raise ConfigurationError(f"Several accounts are listed: choose one with --account, of {names}.")
        selected = listed
    return base if selected is None else selected[0].place(base)


def has_accounts_to_choose(catalog: CatalogName | None, dataset: str | None) -> bool:
    """Returns whether accounts are listed, and neither option names a dataset that need not be one of theirs."""
    from ..sync.accounts import configured_accounts

    return catalog is None and dataset is None and bool(configured_accounts())


def with_database(settings: Settings, database: Path | None) -> Settings:
    """Returns the settings with another DuckDB file; a relative path begins in the folder the command runs in."""
    from .. import destinations

    if database is None:
        return settings
    if not destinations.get(settings.destination).is_one_file:
        raise typer.BadParameter(f"{settings.destination} is not one file", param_hint="--database")
    return replace(settings, database=database.expanduser().absolute())
