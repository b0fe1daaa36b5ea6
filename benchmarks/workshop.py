"""Where commands are measured against an emulator, and checked to have loaded everything."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

import process
from emulated import QUOTA, entries
from partner_central_emulator import Emulator

HERE = Path(__file__).parent
PEERS = HERE / "peers"
PAGE = 100
SPINE = ("opportunities",)  # what the others load
SUMMARIES = "opportunity_search_summaries"
SEARCH = (*SPINE, SUMMARIES)
MIDDLE = 20_000  # records of a load of middle size
IMPORTS = """
import boto3, dlt
boto3.client("partnercentral-selling", region_name="us-east-1").list_opportunities(Catalog="AWS", MaxResults=1)
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    Attributes:
        large: records of a large load.
        largest: records of the largest load.
        pairs: how often a quiet run is measured.
        is_quick: whether only the most important is.
    """

    large: int = 100_000
    largest: int = 1_000_000
    pairs: int = 15
    is_quick: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """One command against one emulator: its cost, and the calls that reached the emulator."""

    records: int
    cost: process.Cost
    calls: int
    throttles: int

    @property
    def fraction(self) -> float:
        """Records a second, of the most the quota allows."""
        return self.records / self.cost.wall_seconds / (QUOTA * PAGE)

    @property
    def call_fraction(self) -> float:
        """Calls a second, of the most the quota allows."""
        return self.calls / self.cost.wall_seconds / QUOTA

    @property
    def extra(self) -> float:
        """Calls above full pages, as a fraction of them."""
        ideal = -(-self.records // PAGE)
        return self.calls / ideal - 1


class Workshop:
    """Where commands are run: a folder for what they write, and the environments of the peers."""

    def __init__(self, folder: Path, pandas: Path, singer: Path, plan: Plan = Plan()) -> None:
        self.folder = folder
        self.plan = plan
        self.python = Path(sys.executable)
        self.command = self.python.with_name("partner-central")
        self.pandas = pandas / "bin" / "python"
        self.singer = singer / "bin"
        self._count = 0

    def fresh(self) -> Path:
        """A new, empty folder."""
        self._count += 1
        place = self.folder / str(self._count)
        place.mkdir()
        return place

    def measure(
        self,
        emulator: Emulator,
        place: Path,
        *commands: Sequence[str | Path],
        unlimited: bool = False,
        tables: Sequence[str] = SPINE,
        settings: Mapping[str, str] | None = None,
    ) -> Measured:
        """Run commands as a pipeline against an emulator, with more settings if some are given."""
        keep = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TZ"}}
        env = keep | {
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING": emulator.endpoint,
            "DLT_DATA_DIR": str(place / "dlt"),
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "SOURCES__PARTNER_CENTRAL__CALLS_PER_DAY": "10000000",
            "SOURCES__PARTNER_CENTRAL__TABLES": json.dumps(tables),
            **(settings or {}),
        }
        if unlimited:
            env["SOURCES__PARTNER_CENTRAL__CALLS_PER_SECOND"] = "100000"
        before = len(emulator.calls)
        cost = process.run(*commands, env=env, cwd=place)
        outcomes = [call.outcome for call in emulator.calls[before:]]
        records: int = emulator.describe()["opportunities"]["AWS"]
        return Measured(records, cost, len(outcomes), outcomes.count("ThrottlingException"))

    def least(self, emulator: Emulator, place: Path) -> Measured:
        """`import dlt` and one boto3 call."""
        return self.measure(emulator, place, [self.python, "-c", IMPORTS])

    def ours(
        self,
        emulator: Emulator,
        place: Path | None = None,
        *,
        unlimited: bool = False,
        tables: Sequence[str] = SPINE,
    ) -> Measured:
        """`partner-central sync`; a first load where no place is given."""
        at = place or self.fresh()
        measured = self.measure(
            emulator,
            at,
            [self.command, "sync", "--quiet"],
            unlimited=unlimited,
            tables=tables,
        )
        check(at / "partner_central.duckdb", "partner_central.opportunities", measured.records, entries(emulator))
        return measured

    def timed(self, emulator: Emulator) -> tuple[Measured, dict[str, float], dict[str, int]]:
        """A first load without a quota, the processor seconds of its parts, and the most MB that it had in each."""
        place = self.fresh()
        out = place / "parts.json"
        measured = self.measure(emulator, place, [self.python, HERE / "timed_sync.py", out], unlimited=True)
        check(place / "partner_central.duckdb", "partner_central.opportunities", measured.records, entries(emulator))
        found = json.loads(out.read_text(encoding="utf-8"))
        return measured, found["seconds"], found["peaks"]

    def until_first_call(self, emulator: Emulator, place: Path) -> float:
        """Processor seconds of `partner-central sync` from its start until its first call reaches the emulator."""
        seconds: list[float] = []
        pid = place / "pid"

        def note(_number: int, _parameters: object) -> None:
            if not seconds:
                seconds.append(process.cpu_seconds_of(int(pid.read_text())))

        emulator.on_call = note
        try:
            shell = ["sh", "-c", 'echo $$ >"$0" && exec "$@"', pid]
            self.measure(emulator, place, [*shell, self.command, "sync", "--quiet"])
        finally:
            emulator.on_call = None
        return seconds[0]

    def paginator(self, emulator: Emulator) -> Measured:
        """boto3's paginator, pandas.json_normalize and DuckDB."""
        return self._script(self.pandas, "paginator_pandas.py", "opportunities", emulator)

    def plain_dlt(self, emulator: Emulator) -> Measured:
        """A dlt resource as its documentation has it."""
        return self._script(self.python, "plain_dlt.py", "partner_central.opportunities", emulator)

    def dlt_rest_api(self, emulator: Emulator, *file_format: str) -> Measured:
        """dlt's REST API source, with dlt's usual file format or another."""
        return self._script(self.python, "dlt_rest_api.py", "partner_central.opportunities", emulator, *file_format)

    def floor(self, emulator: Emulator) -> Measured:
        """Raw JSON to DuckDB."""
        return self._script(self.python, "floor.py", "opportunities", emulator)

    def tap(self, emulator: Emulator) -> Measured:
        """A tap on singer-sdk, piped into target-duckdb."""
        place = self.fresh()
        tap, target = place / "tap.json", place / "target.json"
        tap.write_text("{}")
        database = place / "out.duckdb"
        target.write_text(
            json.dumps(
                {"path": str(database), "default_target_schema": "partner_central", "data_flattening_max_level": 10}
            )
        )
        measured = self.measure(
            emulator,
            place,
            [self.singer / "python", PEERS / "tap_partner_central.py", "--config", tap],
            [self.singer / "target-duckdb", "--config", target],
        )
        check(database, "partner_central.opportunities", measured.records)
        return measured

    def _script(self, python: Path, script: str, table: str, emulator: Emulator, *arguments: str) -> Measured:
        database = self.fresh() / "out.duckdb"
        measured = self.measure(emulator, database.parent, [python, PEERS / script, database, *arguments])
        check(database, table, measured.records)
        return measured


def pinned(peer: str, *packages: str) -> str:
    """Returns packages of a peer with the versions that its lock has."""
    versions = dict(re.findall(r"^([\w-]+)==(\S+)", (PEERS / f"{peer}.in").read_text(encoding="utf-8"), re.MULTILINE))
    return ", ".join(f"{package} {versions[package]}" for package in packages)


def check(database: Path, table: str, records: int, lists: Mapping[str, int] | None = None) -> None:
    """A measurement counts only if every record arrived, with every entry of its lists where they have tables."""
    expected = {table: records} | {f"{table}__{name}": count for name, count in (lists or {}).items()}
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{database}' AS result (READ_ONLY)")
        for name, count in expected.items():
            rows = connection.execute(f"SELECT count(*) FROM result.{name}").fetchall()[0][0]
            if rows != count:
                raise AssertionError(f"{name} holds {rows:,} rows, not {count:,}")
