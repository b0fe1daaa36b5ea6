"""Many accounts, one after another: each a run of its own, and none stops the others."""

from __future__ import annotations

from collections.abc import Sequence

from ..console.exit_codes import ExitCode, of_several
from ..console.output import Console
from .accounts import Account
from .job import sync
from .settings import Settings


def sync_each(accounts: Sequence[Account], base: Settings, console: Console) -> ExitCode:
    """Syncs every account of a list, and prints one line for each.

    Args:
        accounts: whose opportunities, in this order.
        base: the settings of every run.
        console: where messages go.

    Returns:
        `DONE` if all are; else the lowest exit code among the others, so that what needs a hand is not hidden by what
        passes by itself.

    Raises:
        KeyboardInterrupt: interrupted; accounts that are done stay done.
    """
    codes: list[ExitCode] = []
    lines: list[tuple[str, str]] = []
    for account in accounts:
        console.set_account(account.name)
        try:
            summary = sync(account.settings(base), console)
        except Exception as error:  # noqa: BLE001 - the next account is another matter
            code = console.print_failure(error)
            codes.append(code)
            skipped = code is ExitCode.ALREADY_RUNNING
            lines.append((account.name, "another run is active" if skipped else f"failed with {code}"))
        else:
            console.print_summary(summary)
            codes.append(summary.code)
            lines.append((account.name, summary.line()))
    console.set_account(None)
    console.print_accounts(lines)
    return of_several(codes)
