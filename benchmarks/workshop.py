"""Where commands are measured against an emulator, and checked to have loaded everything."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import duckdb
from botocore.loaders import Loader

import process
from partner_central.public import with_extras
from partner_central_emulator import Emulator
from partner_central_emulator.service_model import use_loader

HERE = Path(__file__).parent
PEERS = HERE / "peers"
PAGE, QUOTA = 100, 10
SPINE = ("opportunities",)  # what the others load
KEYS: Any = {"region_name": "us-east-1", "aws_access_key_id": "bench", "aws_secret_access_key": "bench"}
SCALE, ROUNDS = 100_000, 3
IMPORTS = """
import boto3, dlt
boto3.client("partnercentral-selling", region_name="us-east-1").list_opportunities(Catalog="AWS", MaxResults=1)
"""

use_loader(with_extras(Loader()))  # of older versions of botocore, too


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

    def __init__(self, folder: Path, pandas: Path, singer: Path) -> None:
        self.folder = folder
        self.python = Path(sys.executable)
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
    ) -> Measured:
        """Run commands as a pipeline against an emulator."""
        keep = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TZ"}}
        env = keep | {
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING": emulator.endpoint,
            "DLT_DATA_DIR": str(place / "dlt"),
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "SOURCES__PARTNER_CENTRAL__CALLS_PER_DAY": "10000000",
            "SOURCES__PARTNER_CENTRAL__TABLES": json.dumps(tables),
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
            [self.python.with_name("partner-central"), "sync", "--quiet"],
            unlimited=unlimited,
            tables=tables,
        )
        check(at / "partner_central.duckdb", "partner_central.opportunities", measured.records, entries(emulator))
        return measured

    def paginator(self, emulator: Emulator) -> Measured:
        """boto3's paginator, pandas.json_normalize and DuckDB."""
        return self._script(self.pandas, "paginator_pandas.py", "opportunities", emulator)

    def plain_dlt(self, emulator: Emulator) -> Measured:
        """A dlt resource as its documentation has it."""
        return self._script(self.python, "plain_dlt.py", "partner_central.opportunities", emulator)

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

    def _script(self, python: Path, script: str, table: str, emulator: Emulator) -> Measured:
        database = self.fresh() / "out.duckdb"
        measured = self.measure(emulator, database.parent, [python, PEERS / script, database])
        check(database, table, measured.records)
        return measured


def entries(emulator: Emulator) -> dict[str, int]:
    """How many entries the lists of all records have, by the name of their table; not counted where that takes GBs."""
    if emulator.describe()["opportunities"]["AWS"] > SCALE:
        return {}
    projects = [record.get("Project") or {} for record in emulator.truth()]
    return {
        "project_delivery_models": sum(len(project.get("DeliveryModels") or ()) for project in projects),
        "project_expected_customer_spend": sum(len(project.get("ExpectedCustomerSpend") or ()) for project in projects),
    }


def check(database: Path, table: str, records: int, lists: Mapping[str, int] | None = None) -> None:
    """A measurement counts only if every record arrived, with every entry of its lists where they have tables."""
    expected = {table: records} | {f"{table}__{name}": count for name, count in (lists or {}).items()}
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{database}' AS result (READ_ONLY)")
        for name, count in expected.items():
            rows = connection.execute(f"SELECT count(*) FROM result.{name}").fetchall()[0][0]
            if rows != count:
                raise AssertionError(f"{name} holds {rows:,} rows, not {count:,}")


@contextmanager
def emulated(
    opportunities: int,
    *,
    latency_ms: float = 0,
    quota: bool = True,
    burst: float = 10,
    skew: Any = "skewed",
    search: bool = False,
) -> Iterator[Emulator]:
    """An emulator whose pages cost this machine little; without quota, it answers as fast as it can."""
    with Emulator(
        opportunities=opportunities,
        latency_ms=latency_ms,
        rps=QUOTA if quota else None,
        burst=burst,
        skew=skew,
        token="position",
    ) as emulator:
        emulator.prepare(search=search)
        _sort(emulator)
        yield emulator


def _sort(emulator: Emulator) -> None:
    """Let the emulator sort its lists now; a service has them sorted."""
    client = boto3.client("partnercentral-selling", endpoint_url=emulator.endpoint, **KEYS)
    for by in ("LastModifiedDate", "CreatedDate", "CustomerCompanyName", "Identifier"):
        for order in ("ASCENDING", "DESCENDING"):
            client.list_opportunities(Catalog="AWS", Sort={"SortBy": by, "SortOrder": order})
