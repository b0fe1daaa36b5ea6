"""Many accounts, one after another: each a run of its own, and none stops the others."""

from __future__ import annotations

from collections.abc import Sequence

from ..console.exit_codes import INTERRUPTIONS, ExitCode, of_several
from ..console.failures import exit_code_and_message
from ..console.output import Console
from ..destinations.kept_open import KEPT
from .accounts import Account
from .job import sync
from .settings import Settings


@KEPT.scope()
def sync_each(accounts: Sequence[Account], base: Settings, console: Console) -> ExitCode:
    """Syncs every account of a list, and prints one line for each.

    Args:
        accounts: whose opportunities, in this order.
        base: the settings of every run.
        console: where messages go.

    Returns:
        `DONE` if all are; else what `of_several` makes of the codes, so that what needs a person is not hidden by what
        passes by itself.

    Raises:
        BaseException: interrupted; accounts that are done stay done.
    """
    codes: dict[str, ExitCode] = {}
    lines: list[tuple[str, str]] = []
    for account in accounts:
        console.set_account(account.name)
        try:
            summary = sync(account.settings(base), console)
        except Exception as error:
            if exit_code_and_message(error)[0] in INTERRUPTIONS:
                raise
            code = codes[account.name] = console.print_failure(error)
            skipped = code is ExitCode.ALREADY_RUNNING
            lines.append((account.name, "another run is active" if skipped else f"failed with {code}"))
        else:
            console.print_summary(summary)
            codes[account.name] = summary.code
            lines.append((account.name, summary.line()))
    console.set_account(None)
    code = of_several(codes.values())
    console.print_accounts(lines, codes, code)
    return code
