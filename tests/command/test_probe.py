"""`probe`: asked for on a terminal, agreed to by an option, and written to a file for its owner alone."""

from __future__ import annotations

import json
import os
import pty
import signal
import sqlite3
import stat
import subprocess
from contextlib import closing

import pytest

from partner_central_emulator import Emulator, Fault
from partner_central_sync.probe.questions import QUESTIONS
from partner_central_sync.probe.run import MOST_CALLS
from sandbox import COMMAND, TIMEOUT_S, Sandbox

FILE = "partner-central-probe.json"
QUICK = ("probe", "--yes", "--token-age", "0")


def test_without_a_terminal_nothing_is_requested_unless_told(sandbox: Sandbox, emulator: Emulator) -> None:
    ended = sandbox.command("probe")
    assert ended.returncode == 2
    assert "--yes" in ended.stderr
    assert (emulator.calls, (sandbox.folder / FILE).exists()) == ([], False)


@pytest.mark.parametrize("answer", ["n", "y"])
def test_a_terminal_is_asked_before_the_first_call(answer: str, sandbox: Sandbox, emulator: Emulator) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, "probe", "--token-age", "0"],
        cwd=sandbox.folder,
        env=sandbox.environment(TERM="dumb"),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    os.close(theirs)
    shown = b""
    while b"Continue?" not in shown:
        shown += os.read(ours, 65536)
    assert f"At most {MOST_CALLS} calls read from catalog AWS.".encode() in shown
    assert emulator.calls == []
    os.write(ours, f"{answer}\n".encode())
    out, _ = process.communicate(timeout=TIMEOUT_S)
    os.close(ours)
    assert process.returncode == 0
    assert bool(emulator.calls) == (answer == "y") == (sandbox.folder / FILE).exists()
    assert ("Nothing was requested." in out) == (answer == "n")


def test_a_probe_prints_a_table_and_writes_a_file(sandbox: Sandbox, emulator: Emulator) -> None:
    (sandbox.folder / FILE).write_text("old")
    (sandbox.folder / FILE).chmod(0o644)
    ended = sandbox.command(*QUICK)
    assert ended.returncode == 0, ended.stderr
    written = json.loads((sandbox.folder / FILE).read_text())
    assert stat.S_IMODE((sandbox.folder / FILE).stat().st_mode) == 0o600
    assert [one["key"] for one in written["questions"]] == [one.key for one in QUESTIONS]
    assert written["calls"] == len(emulator.calls) <= MOST_CALLS
    assert {one["verdict"] for one in written["questions"]} <= {"ok", "contradicts", "open", "not asked"}
    for question in written["questions"]:
        (line,) = [line for line in ended.stdout.splitlines() if question["question"] in line]
        assert question["assumed"] in line
        assert question["verdict"] in line
    assert ended.stdout.count(f"{len(QUESTIONS)} questions: ") == 1
    assert not list(sandbox.folder.glob(f".{FILE}*"))
    assert not sandbox.database.exists()


def test_the_file_and_the_catalog_can_be_chosen(sandbox: Sandbox, emulator: Emulator) -> None:
    ended = sandbox.command(*QUICK, "--catalog", "sandbox", "--output", "here.json")
    assert ended.returncode == 0, ended.stderr
    assert json.loads((sandbox.folder / "here.json").read_text())["catalog"] == "Sandbox"
    assert {call.request["Catalog"] for call in emulator.calls if call.request} == {"Sandbox"}


def test_a_listed_account_is_probed_with_its_own_settings(sandbox: Sandbox, emulator: Emulator) -> None:
    with Emulator(opportunities=12, seed=2, rps=None) as globex:
        (sandbox.folder / ".dlt").mkdir()
        account = f'name = "globex"\ncatalog = "Sandbox"\nendpoint_url = "{globex.endpoint}"\n'
        (sandbox.folder / ".dlt" / "config.toml").write_text(f"[[partner_central.accounts]]\n{account}")
        ended = sandbox.command(*QUICK, "--account", "globex")
        assert ended.returncode == 0, ended.stderr
        assert {call.request["Catalog"] for call in globex.calls if call.request} == {"Sandbox"}
    assert emulator.calls == []
    assert "globex" not in (sandbox.folder / FILE).read_text()


def test_a_folder_that_is_missing_costs_no_call(sandbox: Sandbox, emulator: Emulator) -> None:
    ended = sandbox.command(*QUICK, "--output", "nowhere/here.json")
    assert (ended.returncode, emulator.calls) == (2, [])
    assert "There is no folder" in ended.stderr


@pytest.mark.parametrize(("kind", "calls", "code"), [("expired_credentials", 1, 2), ("server_error", 3, 4)])
def test_what_is_not_an_answer_ends_the_probe(
    kind: str, calls: int, code: int, sandbox: Sandbox, emulator: Emulator
) -> None:
    emulator.faults.append(Fault(kind, calls=calls))  # type: ignore[arg-type]
    ended = sandbox.command(*QUICK)
    assert (ended.returncode, (sandbox.folder / FILE).exists()) == (code, False), ended.stderr


def test_a_probe_shares_the_calls_of_the_day_with_a_sync(sandbox: Sandbox, emulator: Emulator) -> None:
    assert sandbox.command(*QUICK).returncode == 0
    spent = str(len(emulator.calls))
    ended = sandbox.command("sync", SOURCES__PARTNER_CENTRAL__CALLS_PER_DAY=spent)
    assert ended.returncode == 4, ended.stderr
    assert "are spent" in ended.stderr


def test_a_probe_that_is_ended_has_counted_its_calls(sandbox: Sandbox, emulator: Emulator) -> None:
    process = sandbox.start("probe", "--yes", "--token-age", "600")
    for line in process.stderr:
        if "valid after 600 seconds" in line:
            break
    process.send_signal(signal.SIGTERM)
    _, error = process.communicate(TIMEOUT_S)
    assert (process.returncode, "Ended by SIGTERM." in error) == (143, True)
    with closing(sqlite3.connect(sandbox.pipelines_dir / "partner_central_calls.sqlite")) as ledger:
        assert ledger.execute("SELECT sum(calls) FROM calls").fetchone() == (len(emulator.calls),)
    assert not list(sandbox.folder.glob(f"*{FILE}*"))


def test_keys_are_neither_printed_nor_written(sandbox: Sandbox) -> None:
    secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
    ended = sandbox.command(*QUICK, AWS_SECRET_ACCESS_KEY=secret)
    assert ended.returncode == 0, ended.stderr
    told = ended.stdout + ended.stderr + (sandbox.folder / FILE).read_text()
    assert [one for one in (secret, "AKIAEXAMPLE") if one in told] == []
