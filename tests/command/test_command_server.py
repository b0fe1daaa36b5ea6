"""The command as it is installed and as the command server forks it: they end alike, and say the same."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from adversarial_server import AdversarialServer, bad_records
from command_server import Process
from databases import Database, Prepared
from partner_central_emulator import Emulator, Fault
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.sync import working_folder
from sandbox import TIMEOUT_S, Sandbox, held_at
from variants import rarely

VARIES = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(Z| UTC)|\d+\.\d s\b|99,\d{3} calls left|partner_central_\w+_staging|"
    r"process \d+|\d{8}T\d{6}-[0-9a-f]{12}|: \d+\.\d+(?=[,}])"
)
SELDOM = (ExitCode.REFUSED, ExitCode.RETRY_LATER, ExitCode.ALREADY_RUNNING, ExitCode.REJECTED, ExitCode.HUNG_UP)
Started = subprocess.Popen[str] | Process
Start = Callable[..., Started]


def run(code: int, sandbox: Sandbox, emulator: Emulator, start: Start) -> tuple[int, str, str]:
    """Run a command that ends with this code: how it ended, what it said to standard output and to standard error."""
    with ExitStack() as meanwhile:
        match code:
            case ExitCode.DONE:
                started = start("status")
            case ExitCode.DEFECT:
                started = start("status", RUNTIME__LOG_LEVEL="LOUD")
            case ExitCode.STALE:
                started = start("status", "--max-age", "1s")
            case ExitCode.CONFIGURATION:
                started = start("sync", "--fast")
            case ExitCode.REFUSED:
                emulator.faults.append(Fault("access_denied"))
                started = start("sync", "--log-format", "json")
            case ExitCode.RETRY_LATER:
                (sandbox.folder / "file").touch()
                started = start("sync", DLT_DATA_DIR=str(sandbox.folder / "file" / "data"))
            case ExitCode.ALREADY_RUNNING:
                meanwhile.enter_context(working_folder.hold_lock(sandbox.settings()))
                started = start("sync", "--quiet")
            case ExitCode.REVIEW_REMOVALS:
                started = start("sync", "--full")
            case ExitCode.REJECTED:
                server = meanwhile.enter_context(AdversarialServer(bad_records(1, 30)))
                started = start("sync", AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING=server.endpoint)
            case _:
                arrived = meanwhile.enter_context(held_at(emulator, 1))
                started = start("sync")
                assert arrived.wait(TIMEOUT_S)
                started.send_signal(code - 128 if code > 128 else -code)
        return ended(sandbox, started)


def ended(sandbox: Sandbox, started: Started) -> tuple[int, str, str]:
    """Exit code and what was said, but for what is another time each time."""
    try:
        out, error = started.communicate(timeout=TIMEOUT_S / 2)  # less than a held answer is waited for
    finally:
        started.kill()
    plain = (VARIES.sub("...", text.replace(str(sandbox.folder), "folder")) for text in (out, error))
    return started.wait(), *plain


@pytest.mark.long
@pytest.mark.parametrize(
    "code",
    [
        rarely(code) if code in SELDOM else code
        for code in (*(one for one in ExitCode if one is not ExitCode.STALE), -signal.SIGKILL)
    ],
)
def test_the_installed_command_and_a_forked_one_end_alike(
    code: int, tmp_path: Path, emulator: Emulator, prepared: Prepared
) -> None:
    installed, forked = (Database(tmp_path / name, emulator.endpoint) for name in ("installed", "forked"))
    for sandbox in (installed, forked):
        sandbox.folder.mkdir()
        if code == ExitCode.REVIEW_REMOVALS:
            prepared.lay("with-views", sandbox, lambda empty: empty.sync())
    if code == ExitCode.REVIEW_REMOVALS:
        for record in emulator.truth()[:60]:
            emulator.remove(record["Id"])
    expected = run(code, installed, emulator, installed.installed_command)
    assert expected[0] == code
    assert run(code, forked, emulator, forked.start) == expected


@pytest.mark.long
def test_forked_commands_have_an_environment_and_a_folder_of_their_own(
    tmp_path: Path, sandbox: Sandbox, emulator: Emulator
) -> None:
    other = Sandbox(tmp_path / "other", emulator.endpoint)
    other.folder.mkdir()
    with held_at(emulator, 1) as arrived:
        first = sandbox.start("sync", SOURCES__PARTNER_CENTRAL__PII="drop")
        assert arrived.wait(TIMEOUT_S)
        assert other.command("sync", "--dataset", "second", TZ="Asia/Tokyo").returncode == 0
        assert first.poll() is None
    out, error = first.communicate(TIMEOUT_S)
    assert (first.returncode, f"{sandbox.database}, dataset partner_central" in out) == (0, True), error
    other.assert_equals(emulator.truth(), "second")
    assert not any(row["customer_company_name"] for row in sandbox.tables().opportunities.values())
