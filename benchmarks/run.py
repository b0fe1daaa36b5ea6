"""Measures this project beside its peers against the emulator, prints tables and writes them to docs/BENCHMARKS.md.

    make bench

Everything is measured in one run on one machine, one command at a time, against an emulator in this process. Figures of
different runs and machines are not comparable; their ratios are. It takes about half an hour.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
import duckdb

import events
import process
from partner_central_emulator import Emulator

HERE = Path(__file__).parent
PEERS = HERE / "peers"
PAGE, QUOTA = 100, 10
KEYS: Any = {"region_name": "us-east-1", "aws_access_key_id": "bench", "aws_secret_access_key": "bench"}
SCALE, ROUNDS, PAIRS, CHANGES = 100_000, 3, 15, 20
IMPORTS = """
import boto3, dlt
boto3.client("partnercentral-selling", region_name="us-east-1").list_opportunities(Catalog="AWS", MaxResults=1)
"""


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
        self, emulator: Emulator, place: Path, *commands: Sequence[str | Path], unlimited: bool = False
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
            "SOURCES__PARTNER_CENTRAL__TABLES": '["opportunities"]',  # what the others load
        }
        if unlimited:
            env["SOURCES__PARTNER_CENTRAL__CALLS_PER_SECOND"] = "100000"
        before = len(emulator.calls)
        cost = process.run(*commands, env=env, cwd=place)
        outcomes = [call.outcome for call in emulator.calls[before:]]
        records: int = emulator.describe()["opportunities"]["AWS"]
        return Measured(records, cost, len(outcomes), outcomes.count("ThrottlingException"))

    def ours(self, emulator: Emulator, place: Path | None = None, *, unlimited: bool = False) -> Measured:
        """`partner-central sync`; a first load where no place is given."""
        at = place or self.fresh()
        measured = self.measure(
            emulator, at, [self.python.with_name("partner-central"), "sync", "--quiet"], unlimited=unlimited
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
    opportunities: int, *, latency_ms: float = 0, quota: bool = True, burst: float = 10, skew: Any = "skewed"
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
        emulator.prepare()
        _sort(emulator)
        yield emulator


def _sort(emulator: Emulator) -> None:
    """Let the emulator sort its lists now; a service has them sorted."""
    client = boto3.client("partnercentral-selling", endpoint_url=emulator.endpoint, **KEYS)
    for by in ("LastModifiedDate", "CreatedDate", "CustomerCompanyName"):
        for order in ("ASCENDING", "DESCENDING"):
            client.list_opportunities(Catalog="AWS", Sort={"SortBy": by, "SortOrder": order})


class Report:
    """Collects tables as Markdown, and shows them as they come."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, *lines: str) -> None:
        """Add lines."""
        self.lines.extend(lines)
        print("\n".join(lines), flush=True)

    def table(self, title: str, head: str, note: str = "") -> None:
        """Begin a table; `head` holds its columns."""
        columns = head.split(" | ")
        self.say("", f"## {title}", "")
        if note:
            self.say(note, "")
        self.say(f"| {head} |", "|---" + "|---:" * (len(columns) - 1) + "|")

    def row(self, *cells: str) -> None:
        """Add a row to the table."""
        self.say(f"| {' | '.join(cells)} |")


def costs(shop: Workshop, report: Report) -> Measured:
    """This project beside its peers, when nothing makes them wait."""
    report.table(
        f"Cost of {SCALE:,} records",
        "what | CPU s | against plain dlt | against paginator + pandas | peak MB | records/s",
        f"No latency, no quota: what the machine has to do. Median of {ROUNDS} runs in turn; plain dlt and the tap ran "
        "once. The peers do less: only plain dlt and the tap can be run again for what is new. None of them continues "
        "a load that was interrupted.",
    )
    often: dict[str, Callable[[Emulator], Measured]] = {
        "this project": lambda emulator: shop.ours(emulator, unlimited=True),
        "boto3 paginator + pandas + DuckDB": shop.paginator,
        "floor: raw JSON to DuckDB": shop.floor,
    }
    once: dict[str, Callable[[Emulator], Measured]] = {
        "plain dlt": shop.plain_dlt,
        "Singer tap + target-duckdb": shop.tap,
    }
    found: dict[str, list[Measured]] = {name: [] for name in (*often, *once)}
    with emulated(SCALE, quota=False) as emulator:
        for _ in range(ROUNDS):
            for name, way in often.items():
                found[name].append(way(emulator))
        for name, way in once.items():
            found[name].append(way(emulator))
    middle = {name: sorted(runs, key=lambda run: run.cost.cpu_seconds)[len(runs) // 2] for name, runs in found.items()}
    for name, measured in middle.items():
        cpu = measured.cost.cpu_seconds
        report.row(
            name,
            f"{cpu:.1f}",
            f"{cpu / middle['plain dlt'].cost.cpu_seconds:.2f}×",
            f"{cpu / middle['boto3 paginator + pandas + DuckDB'].cost.cpu_seconds:.2f}×",
            f"{max(run.cost.peak_mb for run in found[name]):,.0f}",
            f"{measured.records / measured.cost.wall_seconds:,.0f}",
        )
    return middle["this project"]


def speeds(shop: Workshop, report: Report) -> None:
    """Fractions of the quota, from process start to rows in DuckDB."""
    report.table(
        "Fraction of the quota",
        "records, CreatedDates, latency, burst | seconds | fraction of the quota | calls | above ideal | throttles",
        "From the start of the process to its end, rows in DuckDB. The quota is 10 calls a second, 1,000 records.",
    )

    def measure(records: int, skew: str, latency_ms: float, burst: float = 10) -> Measured:
        with emulated(records, latency_ms=latency_ms, burst=burst, skew=skew) as emulator:
            measured = shop.ours(emulator)
        _speed(report, f"{records:,} {skew}, {latency_ms:.0f} ms, {burst:.0f}", measured)
        return measured

    for skew in ("skewed", "uniform", "hour", "instant"):
        measure(20_000, skew, 250)
    measure(12, "uniform", 250)
    for latency in (50, 600):
        measure(20_000, "skewed", latency)
    large = {latency: measure(SCALE, "skewed", latency) for latency in (50, 250, 600)}
    measure(SCALE, "skewed", 250, burst=1)
    for latency in (50, 250, 600):
        with emulated(20_000, latency_ms=latency) as emulator:
            chain = shop.paginator(emulator)
        _speed(report, f"in one chain (paginator + pandas): 20,000 skewed, {latency} ms, 10", chain)
    report.say(
        "",
        f"At 600 ms, {SCALE:,} records came {large[600].fraction / chain.fraction:.1f}× as fast as in the chain, whose "
        "speed hardly depends on the size.",
    )


def _speed(report: Report, name: str, measured: Measured) -> None:
    report.row(
        name,
        f"{measured.cost.wall_seconds:.1f}",
        f"{measured.fraction:.2f}",
        f"{measured.calls:,}",
        f"{measured.extra:+.1%}" if measured.records >= PAGE else "",
        f"{measured.throttles}",
    )


def quiet(shop: Workshop, report: Report) -> None:
    """A run that finds nothing new."""
    report.table("A run with nothing new", f"what | CPU s (median of {PAIRS}) | calls | peak MB")
    with emulated(20_000, quota=False) as emulator:
        place = shop.fresh()
        shop.ours(emulator, place, unlimited=True)
        pairs = [
            (shop.ours(emulator, place), shop.measure(emulator, place, [shop.python, "-c", IMPORTS]))
            for _ in range(PAIRS)
        ]
    for name, runs in zip(("this project", "`import dlt` and one boto3 call"), zip(*pairs, strict=True), strict=True):
        cpu = statistics.median(run.cost.cpu_seconds for run in runs)
        calls, peak = max(run.calls for run in runs), max(run.cost.peak_mb for run in runs)
        report.row(name, f"{cpu:.2f}", f"{calls}", f"{peak:,.0f}")
    ratio = statistics.median(ours.cost.cpu_seconds / least.cost.cpu_seconds for ours, least in pairs)
    report.say("", f"Median of the ratios of runs side by side: {ratio:.2f}×.")


def growth(shop: Workshop, report: Report, known: Measured, largest: int) -> None:
    """First loads of growing size."""
    report.table("Growth", "records | CPU s | CPU s per 100,000 | peak MB", "No latency, no quota, first load.")
    for records in (10_000, SCALE, largest):
        measured = known
        if records != SCALE:
            with emulated(records, quota=False) as emulator:
                measured = shop.ours(emulator, unlimited=True)
        cpu = measured.cost.cpu_seconds
        report.row(f"{records:,}", f"{cpu:.1f}", f"{cpu / records * SCALE:.1f}", f"{measured.cost.peak_mb:,.0f}")


def seconds_of_events(report: Report) -> None:
    """From a change to its row, with `listen`."""
    report.table(
        "From a change to its row",
        "what | median s | 90th percentile s | slowest s",
        "One change after the other, with `partner-central listen --gather 0`: from the change at the emulator, over "
        "EventBridge and SQS as moto emulates them, to the commit in DuckDB.",
    )
    with TemporaryDirectory() as folder:
        found = sorted(events.measure(Path(folder), CHANGES))
    nineties = found[int(len(found) * 0.9)]
    report.row(f"{len(found)} changes", f"{statistics.median(found):.1f}", f"{nineties:.1f}", f"{found[-1]:.1f}")


def main() -> None:
    """Measure everything, or one section, which is then printed only."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pandas", type=Path, required=True, help="virtual environment of peers/pandas.lock")
    arguments.add_argument("--singer", type=Path, required=True, help="virtual environment of peers/singer.lock")
    arguments.add_argument("--out", type=Path, required=True, help="Markdown file to write")
    arguments.add_argument("--largest", type=int, default=1_000_000, help="size of the largest load")
    arguments.add_argument("--only", choices=["events"], help="print this section, and write nothing")
    given = arguments.parse_args()
    report = Report()
    if given.only:
        seconds_of_events(report)
        return
    report.say(
        "# Benchmarks",
        "",
        f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}, in one run: Python {platform.python_version()}, "
        f"dlt {version('dlt')}, duckdb {version('duckdb')}, boto3 {version('boto3')}, {os.cpu_count()} cores, "
        f"{platform.system()}. "
        "The service is this repository's emulator, on the same machine. Each command runs once where nothing else is "
        "said; CPU is user and system time of all its processes. Compare ratios: seconds depend on the machine.",
    )
    with TemporaryDirectory() as folder:
        shop = Workshop(Path(folder), given.pandas.absolute(), given.singer.absolute())
        quiet(shop, report)
        known = costs(shop, report)
        speeds(shop, report)
        growth(shop, report, known, given.largest)
    seconds_of_events(report)
    given.out.parent.mkdir(exist_ok=True)
    given.out.write_text("\n".join(report.lines) + "\n")


if __name__ == "__main__":
    main()
