"""Headless Chromium, driven through its own protocol by a pair of pipes: pages are clicked, asked and measured."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
KEYS = {"Enter": 13, "Escape": 27}
POLL_S = 0.02


class Browser:
    """A browser with one page.

    Attributes:
        complaints: what the page or the browser complained about, and what it asked for elsewhere.
    """

    def __init__(self, profile: Path, *flags: str) -> None:
        chromium = shutil.which("chromium")
        assert chromium, "this needs Debian's package chromium"
        to_browser, from_us = os.pipe()
        to_us, from_browser = os.pipe()
        command = [chromium, *FLAGS, f"--user-data-dir={profile}", "--remote-debugging-pipe", *flags, "about:blank"]
        pipes = f'exec "$@" 3<&{to_browser} 4>&{from_browser}'
        self._process = subprocess.Popen(
            ["bash", "-c", pipes, "chromium", *command],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._write, self._read = os.fdopen(from_us, "wb", buffering=0), os.fdopen(to_us, "rb")
        self._left = b""
        self._number = 0
        self.complaints: list[str] = []
        self._session = ""
        (target,) = [one for one in self.call("Target.getTargets")["targetInfos"] if one["type"] == "page"]
        attached = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        self.call("Performance.setTimeDomain", timeDomain="threadTicks")
        for domain in ("Page", "Runtime", "Log", "Network", "Performance"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait()
        self._write.close()
        self._read.close()

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Sends a command of the protocol; returns its result."""
        answer = self._send(method, **parameters)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def _send(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._write.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                return answer
            self._note(answer)

    def open(self, page: Path, fragment: str = "") -> None:
        """Opens a page, and waits until its programs have drawn it."""
        self.call("Page.navigate", url="about:blank")
        self.wait("location.href === 'about:blank'")
        self.call("Page.navigate", url=page.absolute().as_uri() + fragment)
        self.wait("location.protocol === 'file:' && document.documentElement?.dataset.drawn")

    def wait(self, condition: str) -> None:
        """Waits until an expression is true; a page that is left meanwhile is asked again."""
        expression = f"Boolean({condition})"
        while True:
            found = self._send("Runtime.evaluate", expression=expression, returnByValue=True)
            if found.get("result", {}).get("result", {}).get("value") is True:
                return
            assert self.complaints == [], "a page that is broken never comes so far"
            time.sleep(POLL_S)

    def evaluate(self, expression: str) -> Any:
        """Returns the value of an expression, of a promise when it is fulfilled."""
        found = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def busy_ms(self) -> float:
        """Returns how long the page's thread has worked, whatever else the machine does."""
        found = {one["name"]: one["value"] for one in self.call("Performance.getMetrics")["metrics"]}
        return 1000 * float(found["TaskDuration"])

    def size(self, width: int, height: int = 900) -> None:
        """Gives the window another size, as that of a phone or a desk."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def media(self, **features: str) -> None:
        """Sets preferences of the reader, such as `prefers_color_scheme`, or `media` for print."""
        medium = features.pop("media", "")
        found = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.call("Emulation.setEmulatedMedia", media=medium, features=found)

    def key(self, key: str, text: str = "") -> None:
        """Presses a key."""
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=KEYS[key],
                **({"text": text} if text else {}),
            )

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            more = os.read(self._read.fileno(), 1 << 16)
            assert more, "the browser has ended"
            self._left += more
        message, self._left = self._left.split(b"\0", 1)
        found: dict[str, Any] = json.loads(message)
        return found

    def _note(self, event: dict[str, Any]) -> None:
        parameters = event.get("params", {})
        match event.get("method"):
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(parameters["exceptionDetails"])[:500])
            case "Runtime.consoleAPICalled" if parameters["type"] in {"error", "warning"}:
                self.complaints.append(str(parameters["args"][0].get("value")))
            case "Log.entryAdded" if parameters["entry"]["level"] in {"error", "warning"}:
                self.complaints.append(parameters["entry"]["text"])
            case "Network.requestWillBeSent" if not parameters["request"]["url"].startswith(
                ("file:", "data:", "blob:")
            ):
                self.complaints.append(f"asked for {parameters['request']['url']}")
