"""A lease on a pipeline's rows in the destination: who may load them now, for how long, and who holds it instead.

Two runs with working folders of their own (two machines, two users) know nothing of each other. So a run that has
something to load first takes the lease, which is kept in the destination. It renews the lease while it works, and gives
it back at the end. A lease that ran out by the destination's own clock can be taken by another run. The run that lost
it notices at its next statement that writes, which does nothing then.

A working folder has one owner, and its lock lets in one run at a time. So a lease of the same owner is left from an
earlier run that was killed.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from dlt.common.destination.exceptions import DestinationTerminalException

TERM = timedelta(seconds=300)
LOST = "the lease is lost"


@dataclass(slots=True)
class Lease:
    """The lease that a run takes, or holds.

    Attributes:
        pipeline_name: whose rows it is for.
        owner: the working folder, on its machine.
        run_id: the run.
        is_taken: whether this run took it.
        staging: where what is being loaded is staged; whoever takes the lease after this run drops it.
        renewal: renews it meanwhile.
    """

    pipeline_name: str
    owner: str
    run_id: str = field(default_factory=lambda: secrets.token_hex(16))
    is_taken: bool = False
    staging: str | None = None
    renewal: LeaseRenewal | None = None

    @property
    def host(self) -> str:
        """The process that holds it, as messages of other runs name it."""
        return f"{socket.gethostname()}, process {os.getpid()}"


@dataclass(frozen=True, slots=True)
class LeaseHolder:
    """The run of another owner that holds a lease; times are the destination's."""

    host: str
    since: datetime
    until: datetime

    def __str__(self) -> str:
        since, until = f"{self.since:%Y-%m-%d %H:%M:%S} UTC", f"{self.until:%H:%M:%S}"
        return f"{self.host}, since {since}; its lease runs out at {until} unless it is renewed"


class LeaseLost(DestinationTerminalException):
    """Another run took the lease: what this one was about to write is not written."""


class LeaseTaken(Exception):
    """Another run holds the lease."""

    def __init__(self, holder: LeaseHolder) -> None:
        super().__init__(str(holder))
        self.holder = holder


class DestinationMoved(Exception):
    """The destination is not what it was when the run began to read: what was read is to be read again."""


@runtime_checkable
class WithLease(Protocol):
    """The methods of a client that keeps leases; all of them while the client is open."""

    lease: Lease | None

    def lease_holder(self, pipeline_name: str, owner: str) -> LeaseHolder | None:
        """The other owner that holds the lease of a pipeline, if it has not run out."""
        ...

    def take_lease(self, lease: Lease) -> str | None:
        """Takes the lease, or renews it, in one step that no other run can do as well.

        Returns:
            The staging place that was noted before, of this run or of one that left it.

        Raises:
            LeaseTaken: another owner holds it.
        """
        ...

    def renew_lease(self, lease: Lease) -> None:
        """Puts off the end of a lease, if this run still holds it."""
        ...

    def release_lease(self, lease: Lease) -> None:
        """Returns the lease back, if this run still holds it; its staging place stays noted if it is still needed."""
        ...

    def drop_staging(self, place: str) -> None:
        """Drops a staging place, if it is there."""
        ...

    def share_a_lease(self, pipeline_name: str, other: str) -> bool:
        """Returns whether the lease of one pipeline is that of another one, too."""
        ...


class LeaseRenewal:
    """Renews a lease from a thread of its own until it is stopped.

    Args:
        renew: renews it once. Failing is not an error: a run that lost its lease cannot write.
        pause: seconds between two renewals.
    """

    def __init__(self, renew: Callable[[], None], pause: float = TERM.total_seconds() / 3) -> None:
        self._renew = renew
        self._pause = pause
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="lease", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread, after the renewal it is at, unless that hangs."""
        self._stopped.set()
        self._thread.join(self._pause)

    def _work(self) -> None:
        while not self._stopped.wait(self._pause):
            with suppress(Exception):
                self._renew()
