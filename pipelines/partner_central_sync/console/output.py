"""Prints what a run does: live on a terminal, plain lines in cron, JSON lines for machines."""

from __future__ import annotations

import json
import logging
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Literal, cast

from partner_central.public import CallLimitReached, SyncMetrics

from ..version import version
from .exit_codes import INTERRUPTIONS, ExitCode
from .failures import causes_of, exit_code_and_message
from .finished import Finished
from .progress import Progress
from .secrets import mask, masked, masked_trace
from .streams import Name, Tolerant, write_line

if TYPE_CHECKING:
    from rich.console import Console as Terminal
    from rich.status import Status


LogFormat = Literal["text", "json"]
SECONDS_BETWEEN_LINES = 10.0
NONE: Mapping[str, object] = MappingProxyType({})


def new_run_id() -> str:
    """Returns the identifier of a run that begins now: its time, and what tells runs of one second apart."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(6)}"


class Console:
    """Prints what happens. Progress, notes and errors go to standard error, the summary to standard output.

    What cannot be written is dropped: it never ends a run.

    Args:
        log_format: `text`, or `json` for one JSON object a line.
        quiet: print warnings and errors only, and in JSON the last line of a run.
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
        self._terminal: Terminal | None = None
        self._live: Status | None = None
        self._last_line = self._started = time.monotonic()
        self._began = False
        self._new_run()

    def _new_run(self) -> None:
        self._run_id = new_run_id()
        self._shown_phases: set[str] = set()
        self._seconds: dict[str, float] = {}
        self._phase = self._counts = self._trouble = ""
        self._phase_began = time.monotonic()
        self._progress = Progress()
        self._notes = 0

    def begin_run(self) -> str:
        """Returns the identifier of a run that begins: the one that lines before it had, if it is the first."""
        if self._began:
            self._new_run()
        self._began = True
        return self._run_id

    def set_account(self, account: str | None) -> None:
        """Sets the account that lines name from now on; None for all."""
        self.close()
        self._account = account
        self._began = False
        self._new_run()

    def begin_phase(self, what: str) -> None:
        """Shows that a part of the run begins; one that comes again and again is printed once."""
        self._end_phase()
        self._phase = what
        if self._is_live():
            self._show()
        elif what not in self._shown_phases:
            self._shown_phases.add(what)
            self._line("info", "phase", what)

    def show_progress(self, metrics: SyncMetrics) -> None:
        """Shows counts and new notes: live, or the counts in a line every ten seconds; trouble at once."""
        for sentence in metrics.notes[self._notes :]:
            self._notes += 1
            self.warn(sentence)
        self._counts = self._progress.text(metrics)
        trouble, self._trouble = self._trouble, metrics.trouble or ""
        if self._is_live():
            self._show()
        elif self._trouble and self._trouble != trouble:
            self._line("info", "retry", self._trouble)
        elif time.monotonic() - self._last_line >= SECONDS_BETWEEN_LINES:
            self._line("info", "progress", f"{self._phase}: {self._counts}", fields=self._progress.values(metrics))

    def progress_text(self) -> str:
        """Returns the phase and the counts in one line."""
        return f"{self._phase}: {self._counts}" if self._counts else self._phase

    def show_plan(self, record: logging.LogRecord) -> bool:
        """Prints a line of the log that explains a long load, on a terminal only if verbose."""
        if self._verbose or not self._is_live():
            self._line("info", "plan", record.getMessage())
        return True

    def note(self, sentence: str) -> None:
        """Prints something that explains what this run does."""
        self._line("info", "note", sentence)

    def warn(self, sentence: str) -> None:
        """Prints something that the user should know, though the run continues; even when quiet."""
        self._line("warning", "warning", sentence, always=True)

    def print_failure(self, error: BaseException) -> ExitCode:
        """Prints why the run ended; a defect, or any error if verbose, with its trace.

        Another active run, and calls that were limited, are not errors: as text they are not printed when quiet.
        """
        code, sentence = exit_code_and_message(error)
        self.close()
        event = "interrupted" if code in INTERRUPTIONS else "failed"
        if code is ExitCode.ALREADY_RUNNING:
            event = "skipped"
        elif any(isinstance(cause, CallLimitReached) for cause in causes_of(error)):
            event = "stopped"
        level = "info" if event in {"skipped", "stopped"} else "error"
        trace = masked_trace(error) if self._verbose or code is ExitCode.DEFECT else ""
        more: dict[str, object] = {"trace": trace} if trace and self._json else {}
        self._line(level, event, sentence, always=level == "error" or self._json, fields=self._end(code) | more)
        if trace and not self._json:
            write_line("stderr", trace.rstrip("\n"))
        return code

    def print_summary(self, summary: Finished) -> None:
        """Prints what a finished run did; in JSON also when quiet."""
        self.close()
        if self._json:
            values = {**self._head("info", "synced"), **masked(summary.values()), **self._end(summary.code)}
            self._write("stdout", json.dumps(values))
        elif not self._quiet:
            text = mask(summary.text())
            self._write("stdout", f"{self._account}: {text}" if self._account else text)

    def print_accounts(self, lines: Sequence[tuple[str, str]], codes: Mapping[str, ExitCode], code: ExitCode) -> None:
        """Prints how the runs of several accounts ended."""
        if self._json and len(codes) > 1:
            accounts = {name: int(one) for name, one in codes.items()}
            self._line(
                "info", "ended", f"{len(codes)} accounts", always=True, fields={"accounts": accounts} | self._end(code)
            )
        elif not (self._quiet or self._json):
            width = max((len(name) for name, _ in lines), default=0)
            self._write("stdout", "\n".join(f"{name:<{width}}  {end}" for name, end in lines))

    def close(self) -> None:
        """Ends the live display."""
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def _end(self, code: ExitCode) -> dict[str, object]:
        """Returns what the last line of a run has in JSON, but for text: exit code, and seconds of each phase."""
        if not self._json:
            return {}
        self._end_phase()
        return {"exit_code": int(code), "phases": {name: round(took, 3) for name, took in self._seconds.items()}}

    def _end_phase(self) -> None:
        now = time.monotonic()
        if self._phase:
            name = self._phase.partition(" ")[0]
            self._seconds[name] = self._seconds.get(name, 0.0) + now - self._phase_began
        self._phase, self._phase_began = "", now

    def _show(self) -> None:
        if self._live is None:
            is_unicode = (sys.stderr.encoding or "").lower().startswith("utf")
            self._live = self._console().status("", spinner="dots" if is_unicode else "line")
            self._live.start()
        shown = self._trouble or self._counts
        self._live.update(f"{self._phase}: {shown}" if shown else self._phase)

    def _is_live(self) -> bool:
        with suppress(OSError, ValueError):
            return sys.stderr.isatty() and not self._json and not self._quiet
        return False

    def _console(self) -> Terminal:
        """Returns the terminal that shows progress; it is imported only where there is one."""
        if self._terminal is None:
            from rich.console import Console as Terminal

            self._terminal = Terminal(file=cast("IO[str]", Tolerant(sys.stderr)), highlight=False, soft_wrap=True)
        return self._terminal

    def _line(
        self, level: str, event: str, message: str, *, always: bool = False, fields: Mapping[str, object] = NONE
    ) -> None:
        if self._quiet and not always:
            return
        self._last_line = time.monotonic()
        message = mask(message)
        if self._json:
            line = json.dumps({**self._head(level, event), "message": message, **fields})
        else:
            about = f"{self._account}: {message}" if self._account else message
            if sys.stderr.isatty():
                line = about if level == "info" else f"{level.capitalize()}: {about}"
            else:
                line = f"{_now()} {level.upper()} {about}"
        self._write("stderr", line)

    def _write(self, name: Name, line: str) -> None:
        if self._live is None:
            write_line(name, line)
            return
        self._console().print(line, markup=False)

    def _head(self, level: str, event: str) -> dict[str, str]:
        """Returns the first members of every JSON line."""
        head = {"at": _now(), "level": level, "event": event, "run_id": self._run_id, "version": version()}
        return head | ({"account": self._account} if self._account else {})


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
