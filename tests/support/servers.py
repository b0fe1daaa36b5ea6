"""What starting a real server takes: a free port, and patience until it answers."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from subprocess import DEVNULL, Popen
from typing import Any

PATIENCE = 60.0


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until_it_answers(server: Popen[Any], ask: Callable[[], object], refused: type[Exception]) -> None:
    """Ask until the server, which has just been started, no longer refuses."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            ask()
        except refused:
            if time.monotonic() > end or server.poll() is not None:
                raise
            time.sleep(0.05)
        else:
            return


@contextmanager
def running(
    command: Sequence[str], ask: Callable[[], object], environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """A silent server that answers; it is stopped when the block is left."""
    with Popen(command, stdout=DEVNULL, stderr=DEVNULL, env=environment) as server:
        try:
            until_it_answers(server, ask, OSError)
            yield
        finally:
            server.terminate()
            server.wait(PATIENCE)
