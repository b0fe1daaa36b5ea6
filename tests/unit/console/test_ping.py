"""A monitor of scheduled jobs hears of start and end; one that does not answer changes no run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from partner_central.errors import ConfigurationError
from partner_central_sync.cli.run import reported_by_ping
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.output import Console
from partner_central_sync.console.ping import Ping
from partner_central_sync.console.signals import Terminated
from servers import free_port


@pytest.fixture
def monitor() -> Iterator[tuple[str, list[str]]]:
    """A monitor's URL, and the paths that it was asked for."""
    asked: list[str] = []

    class Monitor(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Monitor)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/abc", asked
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("code", "path"),
    [(ExitCode.DONE, "/abc"), (ExitCode.ALREADY_RUNNING, "/abc/log")]
    + [(code, f"/abc/{code:d}") for code in ExitCode if code not in {0, 5}],
)
def test_start_and_end_are_told_in_this_order(code: ExitCode, path: str, monitor: tuple[str, list[str]]) -> None:
    url, asked = monitor
    with reported_by_ping(url, Console(quiet=True)) as ended:
        ended(code)
    assert asked == ["/abc/start", path]


def test_an_error_is_told_with_its_code_and_raised(monitor: tuple[str, list[str]]) -> None:
    url, asked = monitor
    with pytest.raises(Terminated), reported_by_ping(f"{url}?create=1", Console(quiet=True)):
        raise Terminated(15)
    assert asked == ["/abc/start?create=1", "/abc/143?create=1"]


def test_a_ping_that_fails_is_a_warning_without_the_secret_of_the_url() -> None:
    said: list[str] = []
    ping = Ping(f"http://127.0.0.1:{free_port()}/secret-id", said.append)
    ping.start()
    ping.end(ExitCode.DONE)
    assert len(said) == 1
    assert "127.0.0.1 failed" in said[0]
    assert "secret-id" not in said[0]


def test_without_a_url_nothing_is_sent_and_a_wrong_one_is_refused() -> None:
    ping = Ping(None, pytest.fail)
    ping.start()
    ping.end(ExitCode.DONE)
    for wrong in ("hc-ping.com/abc", "file:///etc/passwd", "https://"):
        with pytest.raises(ConfigurationError, match="ping must be a URL"):
            Ping(wrong, pytest.fail)


def test_a_user_in_the_url_is_refused_without_the_password() -> None:
    with pytest.raises(ConfigurationError, match="a user and a password") as refused:
        Ping("https://me:sesame@hc-ping.com/1", print)
    assert "sesame" not in str(refused.value)
