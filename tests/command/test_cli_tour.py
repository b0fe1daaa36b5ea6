"""The commands that need no account: the emulator and the demo."""

from __future__ import annotations

import re
import shlex
import signal
from pathlib import Path

import boto3
import duckdb
import pytest

from partner_central_emulator import Emulator
from sandbox import TIMEOUT_S, Sandbox

README = (Path(__file__).parents[2] / "README.md").read_text()
SHORT = "…"  # what a page leaves out
OTHER_EACH_TIME = re.compile(r"127\.0\.0\.1:\d+|\d+\.\d s\b|/\S*/")  # ports, seconds, folders


def not_in(printed: str, shown: str) -> list[str]:
    """The lines of a page that a command does not print, in any order, apart from what is other each time."""
    lines = [OTHER_EACH_TIME.sub("", line).rstrip() for line in printed.splitlines()]
    wanted = [OTHER_EACH_TIME.sub("", line).rstrip() for line in shown.splitlines() if line.strip() != SHORT]
    return [
        line
        for line in wanted
        if not (any(one.startswith(line[:-1]) for one in lines) if line.endswith(SHORT) else line in lines)
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_emulator_serves_a_client_until_it_is_told_to_end(number: signal.Signals, sandbox: Sandbox) -> None:
    running = sandbox.start("emulator", "--opportunities", "7", "--seed", "3")
    try:
        assert running.stdout is not None
        endpoint = re.search(r"http://127\.0\.0\.1:\d+", running.stdout.readline())
        assert endpoint is not None
        session = boto3.Session("any", "any", region_name="us-east-1")
        client = session.client("partnercentral-selling", endpoint_url=endpoint[0])
        assert len(client.list_opportunities(Catalog="AWS")["OpportunitySummaries"]) == 7
        client.close()
    finally:
        running.send_signal(number)
        _, said = running.communicate(timeout=TIMEOUT_S)
    assert (running.returncode, said) == (0, "")


def test_an_emulator_without_its_port_says_so(sandbox: Sandbox, emulator: Emulator) -> None:
    port = emulator.endpoint.rpartition(":")[2]
    ended = sandbox.command("emulator", "--port", port)
    assert ended.returncode == 2
    assert f"Port {port} cannot be used" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_demo_shows_two_syncs_the_tables_and_three_answers(sandbox: Sandbox) -> None:
    ended = sandbox.command("demo")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("Synced in") == 2
    assert re.search(r"opportunities__project_expected_customer_spend[^\n]*\d", ended.stdout)
    assert ended.stdout.count("\nFROM ") == 3
    assert ended.stdout.count("?") >= 3
    assert re.search(r"Prospect[^\n]*\d+", ended.stdout)
    assert "partner-central check" in ended.stdout
    made = sorted(path.name for path in sandbox.folder.iterdir())
    assert made == ["partner_central_demo.duckdb", "partner_central_demo.html"], "it leaves nothing else behind"
    assert "page about these data" in ended.stdout
    with duckdb.connect(str(sandbox.folder / made[0]), read_only=True) as connection:
        connection.execute("USE partner_central_demo.partner_central")
        rows = connection.execute("SELECT count(*), count(DISTINCT id) FROM opportunities").fetchall()
    assert rows[0][0] == rows[0][1] > 500
    shown = README.partition("$ make demo\n")[2].partition("```")[0]
    assert (shown.count(" records in "), shown.count(" calls\n")) == (2, 2)
    assert not_in(ended.stdout, shown) == [], "the README shows what the demo prints"
    lines = re.findall(r"^\$ \.venv/bin/partner-central (.*partner_central_demo\.duckdb.*)$", README, re.MULTILINE)
    assert [line.split()[0] for line in lines] == ["query", "report"]
    for line in lines:
        assert line in ended.stdout, "the demo ends with the lines of the README"
    asked = sandbox.command(*shlex.split(lines[0]))
    assert (asked.returncode, asked.stderr) == (0, "5 rows\n")
    page = sandbox.command(*shlex.split(lines[1].removesuffix(" --open")))
    assert page.returncode == 0, page.stderr
    assert "`report.html`" in README
    assert (sandbox.folder / "report.html").exists()


def test_a_page_that_shows_something_else_is_found() -> None:
    printed = "Synced in 1.0 s\n  read  5 records in 1 pages\n  tables  a, b, c  \n"
    assert not_in(printed, "Synced in 2.5 s\n  read  5 records in 1 pages\n  tables  a, …\n  …\n") == []
    assert not_in(printed, "  read  6 records in 1 pages\n  tables  b, …\n") == [
        "  read  6 records in 1 pages",
        "  tables  b, …",
    ]
