"""A listener: what it does with failures, other runs, a long queue, and the time of the next whole sync."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from fake_queue import FakeSqs, queue_of
from partner_central.errors import ConfigurationError
from partner_central_emulator import Emulator, Fault
from partner_central_sync.console.output import Console
from partner_central_sync.console.signals import Terminated
from partner_central_sync.destinations import duckdb_sql_client
from partner_central_sync.sync import working_folder
from partner_central_sync.sync.listen import LONGEST_PAUSE_S, listen, queue_to_listen
from sandbox import Sandbox, rows

HOLDS_IT = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"
UNREACHABLE = EndpointConnectionError(endpoint_url="https://sqs.us-east-1.amazonaws.com")


@pytest.fixture
def sqs() -> FakeSqs:
    return FakeSqs()


@pytest.fixture
def synced(small_synced: Sandbox) -> Sandbox:
    return small_synced


class Listening:
    """Runs a listener in this process until something is so; `pauses` are those it made, without their time."""

    def __init__(self, sandbox: Sandbox, sqs: FakeSqs, **options: Any) -> None:
        self.sandbox, self.sqs, self.options = sandbox, sqs, options
        self.pauses: list[float] = []

    def until(
        self,
        is_over: Callable[[], bool],
        *,
        poll_every: timedelta = timedelta(0),
        at_pause: Callable[[int], object] = lambda _: None,
    ) -> None:
        def sleep(seconds: float) -> None:
            self.pauses.append(seconds)
            at_pause(len(self.pauses))

        settings = self.sandbox.settings(**self.options)
        listen(
            settings,
            Console("json"),
            queue_of(self.sqs),
            poll_every=poll_every,
            gather=0,
            is_over=is_over,
            sleep=sleep,
        )

    def until_empty(self, **options: Any) -> None:
        self.until(lambda: not (self.sqs.waiting or self.sqs.in_flight), **options)


@contextmanager
def opened_elsewhere(database: Path) -> Iterator[Callable[[], None]]:
    """Another program has the database open until the function is called."""
    command = [sys.executable, "-c", HOLDS_IT, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        yield lambda: holder.communicate() and None
        if holder.poll() is None:
            holder.communicate()


def change(emulator: Emulator, sqs: FakeSqs, number: int = 0) -> str:
    """Changes an opportunity, and tells of it."""
    identifier = sorted(one["Id"] for one in emulator.truth())[number]
    emulator.change(identifier, {"LifeCycle": {"Stage": "Committed"}})
    sqs.send_update(identifier)
    return str(identifier)


def said(capsys: pytest.CaptureFixture[str], event: str) -> list[str]:
    """The messages of a kind that the listener printed."""
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return [line["message"] for line in lines if line["event"] == event]


def modes(sandbox: Sandbox) -> list[tuple[str, str]]:
    return [
        (row["mode"], row["outcome"])
        for row in rows(sandbox, "SELECT mode, outcome FROM sync_runs ORDER BY started_at")
    ]


def test_it_begins_with_a_sync_and_makes_none_again_at_0(synced: Sandbox, small: Emulator, sqs: FakeSqs) -> None:
    small.advance(days=2)
    polls = iter(range(5))
    Listening(synced, sqs).until(lambda: next(polls, None) is None)
    synced.assert_equals(small.truth())
    assert modes(synced)[1:] == [("incremental", "done")]


def test_it_makes_a_sync_again_when_it_is_time(synced: Sandbox, sqs: FakeSqs) -> None:
    polls = iter(range(3))
    Listening(synced, sqs).until(lambda: next(polls, None) is None, poll_every=timedelta(microseconds=1))
    assert modes(synced)[1:] == [("incremental", "done")] * 3


def test_what_comes_is_loaded_and_deleted(synced: Sandbox, small: Emulator, sqs: FakeSqs) -> None:
    begun = iter([False])
    identifier = ""

    def is_over() -> bool:
        nonlocal identifier
        if next(begun, True):
            identifier = identifier or change(small, sqs)
            return bool(sqs.deleted)
        return False

    Listening(synced, sqs).until(is_over)
    synced.assert_equals(small.truth())
    assert modes(synced)[1:] == [("incremental", "done"), ("events", "done")]


def test_another_run_at_the_same_time_is_waited_for(
    synced: Sandbox, small: Emulator, sqs: FakeSqs, capsys: pytest.CaptureFixture[str]
) -> None:
    change(small, sqs)
    listening = Listening(synced, sqs)

    def at_pause(number: int) -> None:
        assert sqs.deleted == []
        if number == 4:
            other.close()

    with ExitStack() as other:
        other.enter_context(working_folder.hold_lock(synced.settings()))
        listening.until_empty(at_pause=at_pause)
    assert (listening.pauses, len(said(capsys, "warning"))) == ([2.0, 4.0, 8.0, 16.0], 1)
    synced.assert_equals(small.truth())
    assert sqs.deleted == ["1"]


def test_a_destination_that_is_down_costs_no_receipt_and_heals(
    synced: Sandbox,
    small: Emulator,
    sqs: FakeSqs,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each receipt would bring the message nearer to the dead letters."""
    monkeypatch.setattr(duckdb_sql_client, "WAIT_SECONDS", 0)
    started = False
    listening = Listening(synced, sqs)
    closes: list[Callable[[], None]] = []
    stack: list[Any] = []

    def is_over() -> bool:
        nonlocal started
        if not started:
            started = True
            return False
        if not stack:
            change(small, sqs)
            stack.append(opened_elsewhere(synced.database))
            closes.append(stack[0].__enter__())
        return bool(sqs.deleted)

    def at_pause(number: int) -> None:
        assert (sqs.deleted, [one["count"] for one in sqs.in_flight.values()]) == ([], [1])
        if number == 12:
            closes[0]()

    try:
        listening.until(is_over, at_pause=at_pause)
    finally:
        stack[0].__exit__(None, None, None)
    assert listening.pauses == [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, *[LONGEST_PAUSE_S] * 4]
    warnings = said(capsys, "warning")
    assert (len(warnings), "is open in another program" in warnings[0]) == (1, True)
    synced.assert_equals(small.truth())
    assert len(small.calls) == 2, "the poll, and one call once the destination was there: no attempt wasted one"


def test_a_queue_that_fails_for_hours_keeps_no_change_back(
    synced: Sandbox, small: Emulator, sqs: FakeSqs, capsys: pytest.CaptureFixture[str]
) -> None:
    sqs.failure = UNREACHABLE
    listening = Listening(synced, sqs)

    def at_pause(number: int) -> None:
        synced.assert_equals(small.truth())
        small.advance(days=0.5)
        if number == 4:
            sqs.failure = None

    polls = iter([False, False])
    listening.until(lambda: sqs.failure is None and next(polls, True), at_pause=at_pause)
    synced.assert_equals(small.truth())
    assert (len(listening.pauses), len(said(capsys, "warning"))) == (4, 1)


def test_another_failure_is_told_again(
    synced: Sandbox, small: Emulator, sqs: FakeSqs, capsys: pytest.CaptureFixture[str]
) -> None:
    sqs.failure = UNREACHABLE

    def at_pause(number: int) -> None:
        if number == 2:
            sqs.failure = None
            small.faults.append(Fault("server_error", calls=3))

    polls = iter([False])
    Listening(synced, sqs, source={"attempts": 1}).until(
        lambda: sqs.failure is None and not small.faults and next(polls, True), at_pause=at_pause
    )
    assert len(said(capsys, "warning")) == 2


def test_a_queue_that_is_not_there_ends_it(synced: Sandbox, small: Emulator, sqs: FakeSqs) -> None:
    small.advance(days=1)
    answer: Any = {"Error": {"Code": "AWS.SimpleQueueService.NonExistentQueue", "Message": "none"}}
    sqs.failure = ClientError(answer, "ReceiveMessage")
    with pytest.raises(ConfigurationError, match="There is no queue"):
        Listening(synced, sqs).until(lambda: False)
    synced.assert_equals(small.truth())
    with pytest.raises(ConfigurationError, match="events_queue"):
        queue_to_listen(synced.settings())


def test_a_signal_ends_it_also_in_a_pause(synced: Sandbox, sqs: FakeSqs, capsys: pytest.CaptureFixture[str]) -> None:
    sqs.failure = UNREACHABLE

    def end(_: int) -> None:
        raise Terminated(15)

    Listening(synced, sqs).until(lambda: False, at_pause=end)
    assert "Ended as told" in said(capsys, "note")[-1]


def test_a_week_of_messages_is_read_in_bounded_memory_each_id_once(
    synced: Sandbox, small: Emulator, sqs: FakeSqs
) -> None:
    identifiers = [change(small, sqs, number) for number in range(20)]
    before = datetime(2026, 5, 1, tzinfo=UTC)  # the emulated time is later
    for number in range(100_000):
        sqs.send_update(identifiers[number % 20], before)
    Listening(synced, sqs).until_empty()
    synced.assert_equals(small.truth())
    assert (len(sqs.deleted), sqs.most_in_flight) == (100_020, 10_000)
    assert len(small.calls) == 2, "a page of the poll, and one call for what the first batch names"


def test_an_event_after_a_reading_is_read_again(synced: Sandbox, small: Emulator, sqs: FakeSqs) -> None:
    identifier = change(small, sqs)
    for _ in range(10_000):
        sqs.send_update(identifier)
    Listening(synced, sqs).until_empty()
    assert len(small.calls) == 3, "the poll, and one call for each batch: the events are as new as the reading"
