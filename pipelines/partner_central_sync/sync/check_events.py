"""Checks the queue of events, and says which event came last."""

from __future__ import annotations

from collections.abc import Iterator

import botocore.session
from dlt.destinations.job_client_impl import SqlJobClientBase

from .. import destinations
from ..events.state import QueueState
from . import working_folder
from .finding import Finding, look_at
from .last_run import event_counts
from .own_session import open_queue
from .settings import Settings

NO_EVENT = (
    "none has come yet. AWS sends events once notifications are on in Partner Central, up to a day later; "
    "docs/how-to/events.md says what else to look at"
)


def findings(settings: Settings, session: botocore.session.Session) -> Iterator[Finding]:
    """Yields what the queue of events says, if one is configured. No message is received: each receipt is counted."""

    def look() -> QueueState | None:
        queue = open_queue(settings, session)
        if queue is None:
            return None
        state = queue.describe()
        queue.prove()
        return state

    state, failed = look_at("events", look)
    if failed is not None:
        yield failed
    if state is None:
        return
    yield Finding("events", f"{settings.events_queue}: {state.waiting} messages wait, {state.in_flight} are in flight")
    if state.key is not None:
        text = f"encrypted with {state.key}: only a message that is received shows whether kms:Decrypt is allowed"
        yield Finding("events key", text, is_left_out=True)
    last, _ = look_at("last event", lambda: _last_event(settings))  # what fails here is the destination's own line
    if last is not None:
        yield Finding("last event", last)
    if state.dead_letter_queue is None:
        text = f"there is no dead-letter queue: what cannot be read comes back for {state.retention_days:g} days"
        yield Finding("dead letters", text, is_left_out=True)
    elif state.dead_letters is None:
        text = f"those in {state.dead_letter_queue} cannot be counted: {state.uncounted}"
        yield Finding("dead letters", text, is_left_out=True)
    elif state.dead_letters:
        text = f"{state.dead_letters} in {state.dead_letter_queue}: messages that nobody could use"
        yield Finding("dead letters", text, is_left_out=True)


def _last_event(settings: Settings) -> str | None:
    """Returns when the newest run with an event began, as `sync_runs` has it; None where that cannot be asked."""
    client = working_folder.attach(settings, reading=True).destination_client()
    adapter = destinations.of(client)
    if not isinstance(client, SqlJobClientBase) or not adapter.exists(client):
        return None
    with adapter.open_read_only(client):
        counts = event_counts(client, settings.account)
    if counts is None or counts.last_at is None:
        return NO_EVENT
    return f"loaded by the run of {counts.last_at:%Y-%m-%d %H:%M:%S} UTC, {counts.received:,} in that run"
