"""One line of `check`, and how a look that fails becomes one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ..console.exit_codes import ExitCode
from ..console.failures import exit_code_and_message

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `check`: what was checked, the result, and the exit code if it fails.

    A table that a sync leaves out, or a dead letter, does not fail the check, and still is not `ok`. If no policy
    allows the table, it is denied.
    """

    subject: str
    text: str
    code: ExitCode = ExitCode.DONE
    is_left_out: bool = False
    is_denied: bool = False

    @property
    def mark(self) -> str:
        """The first word of the line."""
        return "FAIL" if self.code else "--" if self.is_left_out else "ok"


def look_at(subject: str, look: Callable[[], T]) -> tuple[T | None, Finding | None]:
    """Returns what a look gives, or the finding that it failed.

    Args:
        subject: what is looked at.
        look: may raise anything.
    """
    try:
        return look(), None
    except Exception as error:  # noqa: BLE001 - every failure becomes a line
        code, text = exit_code_and_message(error)
        return None, Finding(subject, text, code)
