"""Many accounts, one after another: each a run of its own, and none stops the others."""

from __future__ import annotations

from collections.abc import Sequence

from ..console.failures import Exit
from ..console.output import Report
from .accounts import Account
from .job import sync
from .settings import Settings


def sync_each(accounts: Sequence[Account], base: Settings, report: Report) -> Exit:
    """Sync every account of a list, and say in one line for each how it ended.

    Args:
        accounts: whose opportunities, in this order.
        base: what every run is told.
        report: where it is said.

    Returns:
        `DONE` if all are; else the lowest exit code among the others, so that what needs a hand is not hidden by what
        passes by itself.

    Raises:
        KeyboardInterrupt: interrupted; accounts that are done stay done.
    """
    codes: list[Exit] = []
    lines: list[tuple[str, str]] = []
    for account in accounts:
        report.about(account.name)
        try:
            summary = sync(account.settings(base), report)
        except Exception as error:  # noqa: BLE001 - the next account is another matter
            code = report.failure(error)
            codes.append(code)
            lines.append((account.name, f"failed with {code}" if code is not Exit.ACTIVE else "another run is active"))
        else:
            report.summary(summary)
            codes.append(summary.code)
            lines.append((account.name, summary.line()))
    report.about(None)
    report.accounts(lines)
    return min(filter(None, codes), default=Exit.DONE)
