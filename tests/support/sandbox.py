"""A sync in a folder of its own, from any server, in this process or as the real command."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from partner_central_emulator import Emulator
from partner_central_sync.sync.settings import Settings, register_defaults

register_defaults()

import duckdb  # noqa: E402 - as below
from dlt.sources.credentials import AwsCredentials  # noqa: E402 - after the defaults, which dlt reads when imported

from command_server import COMMAND, KillWhen, Process  # noqa: E402
from oracle import Tables, actual, assert_equal, expected  # noqa: E402
from partner_central_sync.console.output import Console  # noqa: E402
from partner_central_sync.sync import job  # noqa: E402
from partner_central_sync.sync.job import sync  # noqa: E402
from partner_central_sync.sync.state_folder import folder_of  # noqa: E402
from partner_central_sync.sync.summary import Summary  # noqa: E402

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}
TIMEOUT_S = 300.0  # seconds after which what has not come never comes, on however busy a machine

_keep_views, _begin_views = job.keep_views, job.begin_views


def makes_views(*, wanted: bool) -> None:
    """Let the syncs of this process make views, or leave them out; the command always makes them."""
    job.keep_views = _keep_views if wanted else _leave_views_out
    job.begin_views = _begin_views if wanted else _leave_views_out


def views_are_made() -> bool:
    """Whether the syncs of this process make views."""
    return job.keep_views is _keep_views


def _leave_views_out(*_: object) -> None:
    """Make no views."""


@dataclass
class Sandbox:
    """A folder with a database and a working folder, and syncs into it from `endpoint`.

    Only the opportunities are loaded, unless a test says what else.
    """

    folder: Path
    endpoint: str

    @property
    def database(self) -> Path:
        return self.folder / "partner_central.duckdb"

    @property
    def pipelines_dir(self) -> Path:
        return self.folder / "data" / "pipelines"

    @property
    def working_folder(self) -> Path:
        return self.state_folder() / "partner_central"

    def state_folder(self, **options: Any) -> Path:
        """The folder of a destination's working folders, locks and notes."""
        return folder_of(self.settings(**options))

    def settings(self, source: dict[str, Any] | None = None, **options: Any) -> Settings:
        """Settings of a sync here; `source` adds arguments of the source."""
        keys = AwsCredentials()
        keys.aws_access_key_id, keys.aws_secret_access_key = "AKIAEXAMPLE", "example"
        quick = {
            "credentials": keys,
            "endpoint_url": self.endpoint,
            "calls_per_second": 1000,
            "read_timeout": TIMEOUT_S,
        }
        base = Settings(
            tables=("opportunities",),
            database=self.database,
            pipelines_dir=self.pipelines_dir,
            source=quick | (source or {}),
        )
        return replace(base, **options)

    def sync(self, source: dict[str, Any] | None = None, **options: Any) -> Summary:
        """One sync in this process; `options` are those of `Settings`."""
        return sync(self.settings(source, **options), Console(quiet=True))

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of the real command: this folder, this endpoint, none of the machine's AWS settings."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DLT_"))}
        return {
            **clean,
            **KEYS,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(self.folder / "no-config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.folder / "no-credentials"),
            "AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING": self.endpoint,
            "DLT_DATA_DIR": str(self.folder / "data"),
            "SOURCES__PARTNER_CENTRAL__CALLS_PER_SECOND": "1000",
            "SOURCES__PARTNER_CENTRAL__READ_TIMEOUT": str(TIMEOUT_S),
            "SOURCES__PARTNER_CENTRAL__TABLES": '["opportunities"]',
            **more,
        }

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `partner-central` in this folder to its end."""
        return self.command_with(self.environment(**environment), *arguments)

    def command_with(self, environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `partner-central` in this folder to its end, with nothing but this in its environment."""
        process = Process(arguments, self.folder, environment)
        try:
            out, error = process.communicate(TIMEOUT_S)
        finally:
            process.kill()
        return subprocess.CompletedProcess(process.args, process.wait(), out, error)

    def start(self, *arguments: str, kill_when: KillWhen | None = None, **environment: str) -> Process:
        """Start `partner-central` in this folder."""
        return Process(arguments, self.folder, self.environment(**environment), kill_when)

    def installed_command(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start the console script as it is installed, in this folder: what `start` does at a tenth of the cost."""
        return subprocess.Popen(
            [COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment(**environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def tables(self, dataset: str = "partner_central") -> Tables:
        """What the database holds."""
        return actual(self.database, dataset)

    def assert_equals(self, truth: list[dict[str, Any]], dataset: str = "partner_central") -> None:
        """Every table equals these records exactly."""
        assert_equal(expected(truth), self.tables(dataset))


@contextmanager
def held_at(emulator: Emulator, number: int) -> Iterator[threading.Event]:
    """Hold back the answer to a coming call, counted from 1, until the block ends; the event is set when it arrives."""
    arrived, release, coming = threading.Event(), threading.Event(), count(1)

    def hold(_: int, __: dict[str, Any]) -> None:
        if next(coming) == number:
            arrived.set()
            release.wait(TIMEOUT_S)

    emulator.on_call = hold
    try:
        yield arrived
    finally:
        emulator.on_call = None
        release.set()


def wait_for(file: Path, words: str, times: int = 1) -> str:
    """Waits until a file of another process has these words, so many times; returns its text."""
    end = time.monotonic() + TIMEOUT_S
    while (text := file.read_text() if file.exists() else "").count(words) < times:
        assert time.monotonic() < end, f"not {times} times {words!r} in {text!r}"
        time.sleep(0.2)
    return text


def rows(sandbox: Sandbox, query: str) -> list[dict[str, Any]]:
    """What a query finds in the database of a sandbox, each row by column."""
    with duckdb.connect(str(sandbox.database), read_only=True) as connection:
        connection.execute("USE partner_central.partner_central")
        found = connection.execute(query)
        names = [one[0] for one in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
