"""`partner-central listen` as a process: from a change at the emulator, over EventBridge and SQS, to a row."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pytest

from aws_server import client, deploy_events, moto_server
from command.test_kills import ended
from command_server import KillWhen, Process
from partner_central_emulator import Emulator
from sandbox import TIMEOUT_S, Sandbox, held_at, rows

NUMBERS = count()


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with moto_server() as endpoint:
        yield endpoint


@pytest.fixture
def queue(aws: str) -> str:
    name = f"changes-{next(NUMBERS)}"
    return deploy_events(aws, name, QueueName=name, RuleName=name, Catalog="AWS")["QueueUrl"]


@pytest.fixture
def told(aws: str) -> Iterator[Emulator]:
    """A Partner Central that tells the bus of each change."""
    with Emulator(opportunities=30, seed=1, rps=None, events=aws) as emulator:
        yield emulator


@pytest.fixture
def listened(tmp_path: Path, told: Emulator) -> Sandbox:
    return Sandbox(tmp_path, told.endpoint)


def start(sandbox: Sandbox, aws: str, queue: str, *options: str, kill_when: KillWhen | None = None) -> Process:
    return sandbox.start(
        *("listen", "--gather", "0", *options),
        kill_when=kill_when,
        AWS_ENDPOINT_URL_SQS=aws,
        PARTNER_CENTRAL__EVENTS_QUEUE=queue,
    )


def until(process: Process, words: str) -> str:
    """Reads what a process says until it says this."""
    said = ""
    while words not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    return said


def counts(aws: str, queue: str) -> tuple[int, int]:
    """How many messages wait, and how many are in flight."""
    found = client(aws, "sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    return (int(found[names[0]]), int(found[names[1]]))


def stages(sandbox: Sandbox, identifier: str) -> list[Any]:
    found = rows(sandbox, f"SELECT life_cycle_stage FROM opportunities WHERE id = '{identifier}'")
    return [row["life_cycle_stage"] for row in found]


def test_a_change_becomes_a_row_and_sigterm_ends_it(aws: str, queue: str, told: Emulator, listened: Sandbox) -> None:
    process = start(listened, aws, queue, "--poll-every", "0")
    try:
        until(process, "Waiting for events")
        identifier = told.truth()[0]["Id"]
        told.change(identifier, {"LifeCycle": {"Stage": "Committed"}})
        new = told.put({"Customer": {"Account": {"CompanyName": "Acme"}}})
        loaded: set[str] = set()
        while loaded != {identifier, new}:
            until(process, "Loaded what events named")
            loaded |= {row["id"] for row in versions_of_events(listened)}
        process.send_signal(signal.SIGTERM)
        code, said = ended(process)
    finally:
        process.kill()
    assert (code, "Ended as told" in said, "Traceback" in said) == (0, True, False)
    assert stages(listened, identifier) == ["Committed"]
    assert counts(aws, queue) == (0, 0)
    listened.assert_equals(told.truth())
    runs = rows(listened, "SELECT mode, outcome, missed_by_events FROM sync_runs WHERE mode <> 'events'")
    assert [row["mode"] for row in runs] == ["first"]


def versions_of_events(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The versions that came after the first sync; waits while the listener has the file open."""
    while True:
        with suppress(duckdb.IOException):
            return rows(
                sandbox,
                "SELECT id FROM opportunity_history "
                "WHERE _dlt_load_id > (SELECT min(_dlt_load_id) FROM opportunity_history)",
            )
        time.sleep(0.05)


@pytest.mark.long
def test_sigterm_while_a_load_reads_ends_it_and_deletes_nothing(
    aws: str, queue: str, told: Emulator, listened: Sandbox
) -> None:
    listened.sync()
    process = start(listened, aws, queue, "--poll-every", "0")
    try:
        until(process, "Waiting for events")
        identifier = told.truth()[0]["Id"]
        with held_at(told, 1) as arrived:
            told.change(identifier, {"LifeCycle": {"Stage": "Committed"}})
            assert arrived.wait(TIMEOUT_S)
            process.send_signal(signal.SIGTERM)
            code, said = ended(process)
    finally:
        process.kill()
    assert (code, "Ended as told" in said, "Traceback" in said) == (0, True, False)
    told.wait_for_events()
    assert sum(counts(aws, queue)) == told.events.sent
    assert "terminated" in {row["outcome"] for row in rows(listened, "SELECT outcome FROM sync_runs")}
    listened.sync()
    listened.assert_equals(told.truth())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_a_signal_interrupts_while_it_loads_is_loaded_later(
    number: signal.Signals, aws: str, queue: str, told: Emulator, listened: Sandbox
) -> None:
    listened.sync()
    identifier = told.truth()[0]["Id"]
    told.change(identifier, {"LifeCycle": {"Stage": "Committed"}})
    told.wait_for_events()
    told.change(identifier, {"LifeCycle": {"Stage": "Launched"}})
    told.wait_for_events()
    pattern = str(listened.working_folder / "load" / "normalized" / "*" / "started_jobs" / "*")
    process = start(listened, aws, queue, "--poll-every", "0", kill_when=KillWhen(number, (pattern,)))
    code, said = ended(process)
    assert (code, "Traceback" in said) == ({signal.SIGTERM: 0, signal.SIGKILL: -9}[number], False), said
    listened.sync()
    listened.assert_equals(told.truth())
    with duckdb.connect(str(listened.database), read_only=True) as connection:
        found = connection.execute(
            "SELECT count(*) FROM partner_central.partner_central.opportunity_history WHERE id = ?", [identifier]
        ).fetchall()
    assert found == [(2,)], "the version of the first sync, and the last one, once"


@pytest.mark.long
def test_two_listeners_share_a_queue_and_lose_nothing(aws: str, queue: str, told: Emulator, listened: Sandbox) -> None:
    listened.sync()
    both = [start(listened, aws, queue, "--poll-every", "0") for _ in range(2)]
    try:
        for process in both:
            until(process, "Waiting for events")
        for one in told.truth():
            told.change(one["Id"], {"LifeCycle": {"NextSteps": "Call them."}})
        told.wait_for_events()
        end = time.monotonic() + TIMEOUT_S
        while counts(aws, queue) != (0, 0):
            assert time.monotonic() < end
            time.sleep(0.2)
        for process in both:
            process.send_signal(signal.SIGTERM)
        assert [ended(process)[0] for process in both] == [0, 0]
    finally:
        for process in both:
            process.kill()
    listened.assert_equals(told.truth())


def test_without_a_queue_it_ends_at_once(listened: Sandbox) -> None:
    ended_at_once = listened.command("listen")
    assert (ended_at_once.returncode, "events_queue" in ended_at_once.stderr) == (2, True)
