"""A listener that must wait: for a run on another machine, and for the next day's calls. It wastes neither."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from fake_queue import FakeSqs
from partner_central_emulator import Emulator
from partner_central_sync.console.signals import Terminated
from runs.test_lease import PAST
from runs.test_listen import Listening, change, said
from sandbox import Sandbox


@pytest.fixture
def sqs() -> FakeSqs:
    return FakeSqs()


def lease(sandbox: Sandbox, until: str) -> None:
    """Lets another machine hold the lease."""
    with duckdb.connect(str(sandbox.database)) as connection:
        connection.execute("USE partner_central.partner_central")
        connection.execute(
            "UPDATE sync_lease SET run_id = 'x', owner = 'there@machine', host = 'there, process 7', "
            f"taken_at = CURRENT_TIMESTAMP, expires_at = {until}"
        )


def test_a_run_on_another_machine_is_waited_for_without_a_call(
    small_synced: Sandbox, small: Emulator, sqs: FakeSqs, capsys: pytest.CaptureFixture[str]
) -> None:
    change(small, sqs)
    lease(small_synced, "CURRENT_TIMESTAMP + INTERVAL '1 day'")

    def at_pause(number: int) -> None:
        assert (small.calls, sqs.deleted) == ([], [])
        if number == 3:
            lease(small_synced, PAST)

    listening = Listening(small_synced, sqs)
    listening.until_empty(at_pause=at_pause)
    (warning,) = said(capsys, "warning")
    assert (listening.pauses, "there, process 7" in warning) == ([2.0, 4.0, 8.0], True)
    small_synced.assert_equals(small.truth())
    assert len(small.calls) == 2, "the poll, and one call for what the event names"


def test_at_spent_calls_it_waits_keeps_the_messages_and_asks_nothing(
    tmp_path: Path, small: Emulator, sqs: FakeSqs, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox = Sandbox(tmp_path, small.endpoint)
    sandbox.sync()
    spent = len(small.calls) + 1  # with the poll that the listener begins with
    changed = False

    def has_begun() -> bool:
        nonlocal changed
        if len(small.calls) == spent and not changed:
            change(small, sqs)
            changed = True
        return False

    def at_pause(number: int) -> None:
        assert (len(small.calls), sqs.deleted) == (spent, [])
        assert [message["count"] for message in sqs.in_flight.values()] == [1], "each receipt is one of ten"
        if number == 5:
            raise Terminated(15)

    Listening(sandbox, sqs, source={"calls_per_day": spent}).until(has_begun, at_pause=at_pause)
    warnings = said(capsys, "warning")
    assert [f"{spent} calls of 24 hours are spent" in warning for warning in warnings].count(True) == 1, warnings
    sqs.come_back()
    Listening(sandbox, sqs).until_empty()
    sandbox.assert_equals(small.truth())
    assert sqs.deleted == ["1"]
