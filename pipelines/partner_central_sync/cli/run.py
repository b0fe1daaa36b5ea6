"""Shared by all commands: configuration, messages, exit codes, and the selected accounts and dataset."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, get_args

import typer

from .options import CatalogName, LogFormat

if TYPE_CHECKING:
    from ..console.output import Console
    from ..sync.accounts import Account
    from ..sync.settings import Settings


@contextmanager
def run_command(log_format: LogFormat = "text", *, quiet: bool = False, verbose: bool = False) -> Iterator[Console]:
    """Sets up configuration and messages, and turns whatever is raised into a message and an exit code."""
    from ..console.output import Console
    from ..console.secrets import mask_log
    from ..sync.private_folder import private_files

    mask_log()
    console = Console(log_format, quiet=quiet, verbose=verbose)
    planning = logging.getLogger("partner_central.plan")
    planning.setLevel(logging.INFO)
    planning.addFilter(console.show_plan)
    try:
        from ..sync.settings import register_defaults

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


def settings_of_each(accounts: Sequence[Account] | None, base: Settings) -> Iterator[Settings]:
    """Yields the settings of each account, after a line with its name; without accounts, the base settings."""
    if accounts is None:
        yield base
        return
    for account in accounts:
        typer.echo(f"{account.name}:")
        yield account.settings(base)


def settings_from(catalog: CatalogName | None, destination: str | None, dataset: str | None) -> Settings:
    """Returns the settings of a run, from the options that several commands have."""
    from ..sync.settings import DATASET, DATASET_RULE, Settings, configured_destination

    if dataset is not None and not DATASET.fullmatch(dataset):
        raise typer.BadParameter(DATASET_RULE, param_hint="--dataset")
    if catalog is None:
        import dlt

        from partner_central.public import ConfigurationError

        configured = dlt.config.get("sources.partner_central.catalog", str) or "AWS"
        if configured not in get_args(CatalogName):
            raise ConfigurationError(f"catalog is one of {', '.join(get_args(CatalogName))}, not {configured!r}.")
        catalog = "AWS" if configured == "AWS" else "Sandbox"
    return Settings(catalog, destination=destination or configured_destination(), dataset=dataset)
