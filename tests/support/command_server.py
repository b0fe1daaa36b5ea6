"""The command `partner-central` without its start: a process that has imported everything forks for each.

To import what the command needs takes most of the processor time of a short run. A server does that once. Each command
is a process of its own all the same: with its own session, folder, environment, signals, locks and exit code, and real
pipes. `tests/command/test_command_server.py` compares it with the command as it is installed.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import glob
import io
import json
import locale
import os
import random
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

COMMAND = Path(sys.executable).parent / "partner-central"
LENGTH = 8  # bytes in which a message's length, a process id or an exit status is sent
IMPORTED = (  # all that a sync needs and that starts no thread
    *("boto3.session", "botocore.auth", "botocore.client", "botocore.credentials", "botocore.endpoint"),
    *("botocore.handlers", "botocore.httpsession", "botocore.parsers", "botocore.signers", "botocore.validate"),
    *("dlt._workspace.cli._plugins", "dlt.destinations.impl.duckdb.factory", "dlt.destinations.impl.postgres.factory"),
    *("dlt.load.load", "dlt.normalize.normalize", "dlt.normalize.worker", "dlt.pipeline.pipeline"),
    *("dlt.sources.credentials", "dlt.sources.helpers.requests", "encodings.idna", "pytz", "rich.console"),
    *("sqlglot.dialects.duckdb", "sqlglot.dialects.postgres", "typer.rich_utils"),
    *("partner_central_sync.cli", "partner_central_sync.console.output", "partner_central_sync.destinations.duckdb"),
    *("partner_central_sync.destinations.postgres", "partner_central_sync.forget.run"),
    *("partner_central_sync.query.output_formats", "partner_central_sync.query.read_only"),
    *("partner_central_sync.sync.all_accounts", "partner_central_sync.sync.check"),
    *("partner_central_sync.sync.job", "partner_central_sync.sync.status"),
)


@dataclass(frozen=True, slots=True)
class KillWhen:
    """A signal that the command sends to itself when a file of one of these patterns is there.

    It looks at whatever it does next with the file system.
    """

    number: int
    patterns: Sequence[str]


class Process:
    """A command that runs, as `subprocess.Popen` has it, with text in its pipes."""

    def __init__(
        self,
        arguments: Sequence[str],
        cwd: Path,
        environment: Mapping[str, str],
        kill_when: KillWhen | None = None,
    ) -> None:
        self.args = [str(COMMAND), *arguments]
        self.returncode: int | None = None
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(_address())
        out, error = os.pipe(), os.pipe()
        self.stdout, self.stderr = (os.fdopen(ours, encoding=locale.getencoding()) for ours, _ in (out, error))
        request = {
            "arguments": self.args,
            "cwd": str(cwd),
            "environment": dict(environment),
            "kill_when": kill_when and [int(kill_when.number), list(kill_when.patterns)],
        }
        text = json.dumps(request).encode(errors="surrogatepass")
        socket.send_fds(self._connection, [len(text).to_bytes(LENGTH)], [theirs for _, theirs in (out, error)])
        self._connection.sendall(text)
        for _, theirs in (out, error):
            os.close(theirs)
        self.pid = self._number()

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; give the exit code."""
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = self._number()
            self._connection.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Read what it says until it ends, and wait for it."""
        end = None if timeout is None else time.monotonic() + timeout
        texts: dict[Any, str] = {}

        def read(pipe: io.TextIOWrapper) -> None:
            texts[pipe] = pipe.read()

        pipes = [pipe for pipe in (self.stdout, self.stderr) if not pipe.closed]
        readers = [threading.Thread(target=read, args=(pipe,), daemon=True) for pipe in pipes]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(None if end is None else max(0.0, end - time.monotonic()))
            if reader.is_alive():
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
        for pipe in pipes:
            pipe.close()
        self.wait(None if end is None else max(0.0, end - time.monotonic()))
        return texts.get(self.stdout, ""), texts.get(self.stderr, "")

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def _number(self) -> int:
        read = self._connection.recv(LENGTH, socket.MSG_WAITALL)
        assert len(read) == LENGTH, "the command server has ended"
        return int.from_bytes(read, signed=True)


@dataclass
class _Server:
    """The server of this process, and where it listens."""

    process: subprocess.Popen[bytes]
    folder: tempfile.TemporaryDirectory[str]


_started: list[_Server] = []
_starting = threading.Lock()


def _address() -> str:
    with _starting:
        if not _started:
            folder = tempfile.TemporaryDirectory(prefix="commands-")
            process = subprocess.Popen(
                [sys.executable, __file__, f"{folder.name}/socket"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            _started.append(_Server(process, folder))
    return f"{_started[0].folder.name}/socket"


def stop() -> None:
    """End the server, if one was started, and every command that still runs."""
    while _started:
        server = _started.pop()
        server.process.communicate()
        server.folder.cleanup()


# What follows is the server's.


@dataclass
class _Commands:
    """The commands that run, and the connections that are told how they end."""

    connections: dict[int, socket.socket] = field(default_factory=dict)

    def start(self, connection: socket.socket) -> None:
        read, pipes, *_ = socket.recv_fds(connection, LENGTH, 2)
        text = connection.recv(int.from_bytes(read), socket.MSG_WAITALL)
        pid = os.fork()
        if pid == 0:
            _become_command(json.loads(text), pipes)
        for pipe in pipes:
            os.close(pipe)
        connection.sendall(pid.to_bytes(LENGTH, signed=True))
        self.connections[pid] = connection

    def reap(self) -> None:
        while self.connections:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            with self.connections.pop(pid) as connection, contextlib.suppress(BrokenPipeError):
                connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(LENGTH, signed=True))

    def end(self) -> None:
        for pid in self.connections:
            os.kill(pid, signal.SIGKILL)


def _serve(address: str) -> NoReturn:
    before = dict(os.environ)
    for name in IMPORTED:
        import_module(name)
    import_module("quick_dlt").remember()
    views = import_module("partner_central_sync.views.files")
    for text in views.view_texts().values():  # parsed, which takes longer than to make the views
        import_module("partner_central_sync.views.translation").columns_of(text)
        views.head_of(text)
    assert threading.active_count() == 1
    assert os.environ == before, "what an import sets there, a command must set itself"
    sys.path[0] = str(COMMAND.parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: whoever started the server ends it
    woken, waking = os.pipe()
    os.set_blocking(waking, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
    commands, listener = _Commands(), socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    os.write(1, b"ready\n")
    gc.collect()
    gc.freeze()
    while True:
        ready, _, _ = select.select([0, woken, listener], [], [])
        if woken in ready:
            os.read(woken, 4096)
            commands.reap()
        if listener in ready:
            commands.start(listener.accept()[0])
        if 0 in ready:
            commands.end()
            os._exit(0)


def _become_command(request: dict[str, Any], pipes: list[int]) -> NoReturn:
    """In the forked process: be what the console script would be in a process that was just started."""
    try:
        _prepare(request, pipes)
        code = _run(request["arguments"])
    except BaseException:  # noqa: BLE001 - it must not go on as a second server
        sys.excepthook(*sys.exc_info())
        code = 1
    with contextlib.suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _prepare(request: dict[str, Any], pipes: list[int]) -> None:
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, pipe in enumerate(pipes, 1):
        os.dup2(pipe, number)
    os.closerange(3, 1024)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    locale.setlocale(locale.LC_CTYPE, "")
    tempfile.tempdir = None
    random.seed()
    sys.stdin, sys.stdout, sys.stderr = _streams()
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]
    sys.argv = request["arguments"]
    if request["kill_when"]:
        number, patterns = request["kill_when"]
        _watch(KillWhen(number, patterns))


def _streams() -> Iterator[io.TextIOWrapper]:
    """Standard input, output and error as an interpreter makes them."""
    unbuffered = bool(os.environ.get("PYTHONUNBUFFERED"))
    for number, mode, errors in ((0, "r", "strict"), (1, "w", "strict"), (2, "w", "backslashreplace")):
        binary = open(number, f"{mode}b", closefd=False)  # noqa: SIM115
        yield io.TextIOWrapper(
            binary,
            encoding=locale.getencoding(),
            errors=errors,
            line_buffering=number == 2,
            write_through=unbuffered,
        )


def _watch(when: KillWhen) -> None:
    sent, looking = threading.Lock(), threading.local()

    def look(event: str, _: object) -> None:
        if not event.startswith(("open", "os.")) or getattr(looking, "now", False):
            return
        looking.now = True
        if any(map(glob.glob, when.patterns)) and sent.acquire(blocking=False):
            os.kill(os.getpid(), when.number)
        looking.now = False

    sys.addaudithook(look)


def _run(arguments: list[str]) -> int:
    try:
        runpy.run_path(arguments[0], run_name="__main__")
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # an interpreter ends itself by the signal, so that a shell knows
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    return 0


if __name__ == "__main__":
    _serve(sys.argv[1])
