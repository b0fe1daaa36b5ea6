"""Prints what a run does: live on a terminal, plain lines in cron, JSON lines for machines."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from partner_central.public import SyncMetrics

from .exit_codes import ExitCode
from .failures import exit_code_and_message
from .secrets import mask, masked_trace

if TYPE_CHECKING:
    from rich.console import Console as Terminal
    from rich.status import Status

    from ..sync.summary import Summary

LogFormat = Literal["text", "json"]
SECONDS_BETWEEN_LINES = 10.0


class Console:
    """Prints what happens. Progress, notes and errors go to standard error, the summary to standard output.

    Args:
        log_format: `text`, or `json` for one JSON object a line.
        quiet: print warnings and errors only.
        verbose: print on a terminal, too, how a long load is planned.
        account: the account that is synced, where there are several.
    """

    def __init__(
        self,
        log_format: LogFormat = "text",
        *,
        quiet: bool = False,
        verbose: bool = False,
        account: str | None = None,
    ) -> None:
        self._json = log_format == "json"
        self._quiet = quiet
        self._verbose = verbose
        self._account = account
        self._shown_phases: set[str] = set()
        self._phase = self._counts = ""
        self._notes = 0
        self._terminal: Terminal | None = None
        self._live: Status | None = None
        self._last_line = time.monotonic()

    def set_account(self, account: str | None) -> None:
        """Sets the account that lines name from now on; None for all."""
        self.close()
        self._account = account
        self._shown_phases.clear()
        self._counts, self._notes = "", 0

    def begin_phase(self, what: str) -> None:
        """Shows that a part of the run begins; one that comes again and again is printed once."""
        self._phase = what
        if self._is_live():
            if self._live is None:
                self._live = self._console().status(what)
                self._live.start()
            self._show()
        elif what not in self._shown_phases:
            self._shown_phases.add(what)
            self._line("info", what)

    def show_progress(self, metrics: SyncMetrics) -> None:
        """Shows counts and new notes: live, or the counts in a line every ten seconds."""
        for sentence in metrics.notes[self._notes :]:
            self._notes += 1
            self.warn(sentence)
        of_all = f" of about {metrics.estimated_records:,}" if metrics.estimated_records else ""
        self._counts = f"{metrics.read:,}{of_all} records, {metrics.pages:,} pages, {metrics.throttles:,} throttled"
        if self._is_live():
            self._show()
        elif time.monotonic() - self._last_line >= SECONDS_BETWEEN_LINES:
            self._line("info", f"{self._phase}: {self._counts}")

    def show_plan(self, record: logging.LogRecord) -> bool:
        """Prints a line of the log that explains a long load, on a terminal only if verbose."""
        if self._verbose or not self._is_live():
            self._line("info", record.getMessage())
        return True

    def _show(self) -> None:
        if self._live is not None:
            self._live.update(f"{self._phase}: {self._counts}" if self._counts else self._phase)

    def note(self, sentence: str) -> None:
        """Prints something that explains what this run does."""
        self._line("info", sentence)

    def warn(self, sentence: str) -> None:
        """Prints something that the user should know, though the run continues; even when quiet."""
        self._line("warning", sentence, always=True)

    def print_failure(self, error: BaseException) -> ExitCode:
        """Prints why the run failed; a defect, or any error if verbose, with its trace."""
        code, sentence = exit_code_and_message(error)
        self.close()
        self._line("error", sentence, always=True, exit_code=code)
        if self._verbose or code is ExitCode.DEFECT:
            sys.stderr.write(masked_trace(error))
        return code

    def print_summary(self, summary: Summary) -> None:
        """Prints what a finished run did."""
        self.close()
        if self._quiet:
            return
        if self._json:
            print(json.dumps({**self._head("info"), "event": "synced", **summary.values()}))  # noqa: T201
        else:
            text = mask(summary.text())
            print(f"{self._account}: {text}" if self._account else text)  # noqa: T201

    def print_accounts(self, lines: Sequence[tuple[str, str]]) -> None:
        """Prints how the runs of several accounts ended; machines have each one's summary or error."""
        if not (self._quiet or self._json):
            width = max((len(name) for name, _ in lines), default=0)
            print("\n".join(f"{name:<{width}}  {end}" for name, end in lines))  # noqa: T201

    def close(self) -> None:
        """Ends the live display."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _is_live(self) -> bool:
        return sys.stderr.isatty() and not self._json and not self._quiet

    def _console(self) -> Terminal:
        """Returns the terminal that shows progress; it is imported only where there is one."""
        if self._terminal is None:
            from rich.console import Console as Terminal

            self._terminal = Terminal(stderr=True, highlight=False, soft_wrap=True)
        return self._terminal

    def _line(self, level: str, message: str, *, always: bool = False, **more: object) -> None:
        if self._quiet and not always:
            return
        self._last_line = time.monotonic()
        message = mask(message)
        if self._json:
            line = json.dumps({**self._head(level), "message": message, **more})
        else:
            about = f"{self._account}: {message}" if self._account else message
            if sys.stderr.isatty():
                line = about if level == "info" else f"{level.capitalize()}: {about}"
            else:
                line = f"{_now()} {level.upper()} {about}"
        if self._live is not None:
            self._console().print(line, markup=False)
        else:
            sys.stderr.write(f"{line}\n")  # at once: lines of threads must not mix
            sys.stderr.flush()

    def _head(self, level: str) -> dict[str, str]:
        """Returns the first members of every JSON line."""
        return {"at": _now(), "level": level} | ({"account": self._account} if self._account else {})


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
