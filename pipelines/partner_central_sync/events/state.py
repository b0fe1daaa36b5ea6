"""The state of a queue: its messages in numbers, and the key that encrypts it."""

from __future__ import annotations

from typing import NamedTuple


class QueueState(NamedTuple):
    """The state of a queue, in numbers that SQS calls approximate.

    Attributes:
        waiting: messages that can be received.
        in_flight: messages that a reader has and did not delete yet.
        retention_days: for how long a message waits before SQS drops it.
        dead_letter_queue: name of the dead-letter queue; None without one.
        dead_letters: messages in it; None if they cannot be counted.
        uncounted: why they cannot be counted; empty otherwise.
        key: the KMS key that encrypts the messages; None with SSE-SQS, which needs no permission.
    """

    waiting: int
    in_flight: int
    retention_days: float
    dead_letter_queue: str | None = None
    dead_letters: int | None = None
    uncounted: str = ""
    key: str | None = None
