"""Reports start and end of a run to a monitor of scheduled jobs, by the conventions of healthchecks.

`URL/start` when a run begins. `URL` when it is done, `URL/<exit code>` when it failed, `URL/log` when another run was
active, which changes nothing there. A ping that fails is a warning, and never changes the run.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from urllib.parse import urlsplit
from urllib.request import urlopen

from partner_central.public import ConfigurationError

from .exit_codes import ExitCode

TIMEOUT_S = 10
RULE = "ping must be a URL that begins with https:// or http://, such as https://hc-ping.com/<id>"


class Ping:
    """The pings of one run, sent by a thread, in their order.

    Args:
        url: of the check; None for no pings.
        warn: called with a sentence if a ping failed.

    Raises:
        ConfigurationError: it is not a URL of HTTP, or has a user in it.
    """

    def __init__(self, url: str | None, warn: Callable[[str], None]) -> None:
        if url is not None and not re.match(r"https?://[^/?#\s]+\S*$", url):
            raise ConfigurationError(f"{RULE}.")
        if url is not None and "@" in urlsplit(url).netloc:
            raise ConfigurationError(
                "ping cannot have a user and a password in its URL: they are not sent. Give a URL without them."
            )
        self._url = url
        self._warn = warn
        self._failed: str | None = None
        self._sending: threading.Thread | None = None

    def start(self) -> None:
        """Reports that a run begins; the run does not wait for it."""
        self._send("/start")

    def end(self, code: ExitCode) -> None:
        """Reports how a run ended, and waits for the answer, at most ten seconds for each ping."""
        match code:
            case ExitCode.DONE:
                self._send("")
            case ExitCode.ALREADY_RUNNING:
                self._send("/log")
            case _:
                self._send(f"/{code:d}")
        if self._sending is not None:
            self._sending.join()
        if self._failed:
            host = urlsplit(self._url or "").hostname
            self._warn(f"The ping to {host} failed ({self._failed}). It does not change the run.")

    def _send(self, suffix: str) -> None:
        if self._url is None:
            return
        earlier, base = self._sending, self._url

        def send() -> None:
            if earlier is not None:
                earlier.join()
            try:
                with urlopen(_with_suffix(base, suffix), timeout=TIMEOUT_S):  # noqa: S310 - the scheme was checked
                    pass
            except Exception as error:  # noqa: BLE001 - a ping never changes the run
                self._failed = str(getattr(error, "reason", error))

        self._sending = threading.Thread(target=send, daemon=True)
        self._sending.start()


def _with_suffix(url: str, suffix: str) -> str:
    """Returns the URL with a suffix to its path; what follows a question mark stays at the end."""
    path, mark, query = url.partition("?")
    return f"{path.rstrip('/') if suffix else path}{suffix}{mark}{query}"
