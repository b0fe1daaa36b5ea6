"""Seconds from a change to its row: emulator, EventBridge, SQS, `partner-central listen`, DuckDB."""

from __future__ import annotations

import os
import socket
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from urllib.request import urlopen

import boto3
import duckdb

from emulated import KEYS
from figures import Table
from partner_central_emulator import Emulator
from section import Section
from workshop import Workshop

CHANGES = 20
TEMPLATE = Path(__file__).parents[1] / "deploy" / "events.yaml"
LOADED = "Loaded what events named"
PATIENCE_S = 60.0


def events(shop: Workshop, table: Table) -> None:
    """From a change to its row, with `listen`."""
    found = sorted(measure(shop.fresh(), CHANGES))
    nineties = found[int(len(found) * 0.9)]
    table.row(f"{len(found)} changes", f"{statistics.median(found):.1f}", f"{nineties:.1f}", f"{found[-1]:.1f}")


def measure(folder: Path, changes: int) -> Iterator[float]:
    """Yields the seconds of each change, until the listener says that it is loaded; its row is looked at then."""
    with _moto() as endpoint, Emulator(opportunities=100, rps=None, events=endpoint) as emulator:
        identifiers = [str(record["Id"]) for record in emulator.truth()]
        with _listening(folder, emulator.endpoint, endpoint, _deploy(endpoint)) as said:
            _wait_for(said, "Waiting for events")
            for number in range(changes):
                identifier, words = identifiers[number], f"Step {number}"
                began = time.monotonic()
                emulator.change(identifier, {"LifeCycle": {"NextSteps": words}})
                seconds = 0.0
                while not seconds or _next_steps(folder, identifier) != words:
                    _wait_for(said, LOADED)
                    seconds = time.monotonic() - began
                yield seconds


@contextmanager
def _moto() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    endpoint = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with Popen(command, stdout=DEVNULL, stderr=DEVNULL) as server:
        try:
            end = time.monotonic() + PATIENCE_S
            while server.poll() is None and time.monotonic() < end:
                with suppress(OSError):
                    urlopen(f"{endpoint}/moto-api/", timeout=PATIENCE_S).close()
                    break
                time.sleep(0.1)
            yield endpoint
        finally:
            server.terminate()


def _deploy(endpoint: str) -> str:
    """Deploys the queue; returns its URL."""
    cloud = boto3.client("cloudformation", endpoint_url=endpoint, **KEYS)
    cloud.create_stack(StackName="events", TemplateBody=TEMPLATE.read_text(encoding="utf-8"))
    (stack,) = cloud.describe_stacks(StackName="events")["Stacks"]
    return str({one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}["QueueUrl"])


@contextmanager
def _listening(folder: Path, emulator: str, moto: str, queue: str) -> Iterator[Iterator[str]]:
    """A listener, and the lines that it prints."""
    environment = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TZ"}} | {
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING": emulator,
        "AWS_ENDPOINT_URL_SQS": moto,
        "DLT_DATA_DIR": str(folder / "dlt"),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "PARTNER_CENTRAL__EVENTS_QUEUE": queue,
        "SOURCES__PARTNER_CENTRAL__TABLES": '["opportunities"]',
    }
    command = [Path(sys.executable).with_name("partner-central"), "listen", "--gather", "0"]
    with Popen(command, env=environment, cwd=folder, stdout=DEVNULL, stderr=PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            yield iter(process.stderr)
        finally:
            process.terminate()
            process.stderr.read()


def _wait_for(said: Iterator[str], words: str) -> None:
    lines = []
    for line in said:
        if words in line:
            return
        lines.append(line)
    raise RuntimeError("".join(lines))


def _next_steps(folder: Path, identifier: str) -> str | None:
    with duckdb.connect(str(folder / "partner_central.duckdb"), read_only=True) as connection:
        query = "SELECT life_cycle_next_steps FROM partner_central.partner_central.opportunities WHERE id = ?"
        row = connection.execute(query, [identifier]).fetchone()
    return row and row[0]


SECTION = Section(
    "From a change to its row",
    "what | median s | 90th percentile s | slowest s",
    events,
    "One change after the other, with `partner-central listen --gather 0`. The time is from the change at the "
    "emulator, over EventBridge and SQS as moto emulates them, to the commit in DuckDB.",
)
