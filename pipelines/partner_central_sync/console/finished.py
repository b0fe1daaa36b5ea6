"""The result of a run as the console knows it, whatever it consists of."""

from __future__ import annotations

from typing import Any, Protocol

from .exit_codes import ExitCode


class Finished(Protocol):
    """A run that ended without an error."""

    @property
    def code(self) -> ExitCode:
        """Its exit code."""

    def values(self) -> dict[str, Any]:
        """Returns it for machines: what JSON can hold."""

    def text(self) -> str:
        """Returns it for people."""
