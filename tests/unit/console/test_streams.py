"""Standard output and error that fail end no run."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from partner_central_sync.console import streams
from partner_central_sync.console.output import Console
from partner_central_sync.sync.summary import Summary


class Broken(io.StringIO):
    """A stream whose other end has gone, a full disk, or a terminal that was closed."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def write(self, _: str) -> int:
        raise self.error

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("error", [BrokenPipeError(32, "gone"), OSError(28, "full"), ValueError("closed")])
def test_a_console_drops_what_cannot_be_written(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, Broken(error))
    console = Console()
    console.begin_phase("reading")
    console.note("note")
    console.warn("warning")
    console.print_summary(Summary("partner_central", "here", 1, 0, 0.0, None, 1, 9, 9, 0, None, 1.0))
    assert console.print_failure(KeyboardInterrupt()) == 130


def test_what_a_terminal_cannot_encode_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    streams.write_line("stdout", "Müller")
    assert written.getvalue() == b"M\\xfcller\n"


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
def test_a_process_without_standard_streams_gets_them(closed: tuple[int, ...]) -> None:
    script = (
        "import os, sys; from partner_central_sync.console.streams import open_standard_streams as o; o(); "
        "print('x'); print('y', file=sys.stderr); file = os.open(os.devnull, os.O_RDONLY); os._exit(file)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        preexec_fn=lambda: [os.close(number) for number in closed],
        check=False,
    )
    assert ended.returncode > 2, "no file takes the number of a standard stream"


def test_a_full_disk_is_told_at_the_end_and_a_reader_that_went_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for path, told in (("/dev/full", True), (os.devnull, False)):
        with open(path, "w") as out:  # noqa: PTH123
            monkeypatch.setattr(sys, "stdout", out)
            print("x", end="")
            assert bool(streams.flush_standard_streams()) is told
            monkeypatch.setattr(sys, "stdout", sys.__stdout__)
            if told:
                os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
