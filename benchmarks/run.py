"""Measures this project beside its peers against the emulator, prints tables and writes them to docs/BENCHMARKS.md.

    make bench
    make bench-quick  # less than three minutes
    make bench ARGS="--only search"  # two to three minutes

Everything is measured in one run on one machine, one command at a time, against an emulator in this process. Figures of
different machines are not comparable; their ratios are. It takes about half an hour. The figures are kept as JSON, and
the next run says what has become worse by more than the noise of the repeats.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import events
from figures import compare, load, spread_of
from pages import pages
from partner_central_emulator import Emulator
from quiet import quiet
from report import Report
from search import search
from workshop import PAGE, ROUNDS, SCALE, Measured, Workshop, emulated

CHANGES = 20  # of the benchmark of events


def costs(shop: Workshop, report: Report, records: int = SCALE, *, slow_peers: bool = True) -> Measured:
    """This project beside its peers, when nothing makes them wait."""
    report.table(
        f"Cost of {records:,} records",
        "what | CPU s | against paginator + pandas | against the floor | peak MB | records/s",
        f"No latency, no quota: what the machine has to do. Median of {ROUNDS} runs in turn; plain dlt and the tap run "
        "once, if at all. The peers do less: only plain dlt and the tap can be run again for what is new. None of them "
        "continues a load that was interrupted.",
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
    once = once if slow_peers else {}
    found: dict[str, list[Measured]] = {name: [] for name in (*often, *once)}
    with emulated(records, quota=False) as emulator:
        for _ in range(ROUNDS):
            for name, way in often.items():
                found[name].append(way(emulator))
        for name, way in once.items():
            found[name].append(way(emulator))
    middle = {name: sorted(runs, key=lambda run: run.cost.cpu_seconds)[len(runs) // 2] for name, runs in found.items()}
    peer, floor = list(often)[1:]
    for name, measured in middle.items():
        cpu = measured.cost.cpu_seconds
        report.row(
            name,
            f"{cpu:.1f}",
            f"{cpu / middle[peer].cost.cpu_seconds:.2f}×",
            f"{cpu / middle[floor].cost.cpu_seconds:.2f}×",
            f"{max(run.cost.peak_mb for run in found[name]):,.0f}",
            f"{measured.records / measured.cost.wall_seconds:,.0f}",
            spread=spread_of([run.cost.cpu_seconds for run in found[name]]) if name in often else None,
        )
    return middle["this project"]


def speeds(shop: Workshop, report: Report, *, quick: bool = False) -> None:
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

    for skew in ("skewed", "hour") if quick else ("skewed", "uniform", "hour", "instant"):
        measure(20_000, skew, 250)
    if quick:
        return
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
    arguments.add_argument("--out", type=Path, help="Markdown file to write")
    arguments.add_argument("--figures", type=Path, required=True, help="JSON file of the last run, and of this one")
    arguments.add_argument("--quick", action="store_true", help="measure the most important in less than three minutes")
    arguments.add_argument("--largest", type=int, default=1_000_000, help="size of the largest load")
    arguments.add_argument(
        "--only", choices=["events", "search", "report"], help="measure only this, and write no file"
    )
    given = arguments.parse_args()
    report = Report()
    if given.only == "events":
        seconds_of_events(report)
        return
    measured = (
        f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}, in one run: Python {platform.python_version()}, "
        f"dlt {version('dlt')}, duckdb {version('duckdb')}, boto3 {version('boto3')}, {os.cpu_count()} cores, "
        f"{platform.system()}, load {os.getloadavg()[0]:.1f} before."
    )
    report.figures.measured = measured
    report.say(
        "# Benchmarks",
        "",
        f"{measured} The service is this repository's emulator, on the same machine. Each command runs once where "
        "nothing else is said; CPU is user and system time of all its processes. Compare ratios: seconds depend on the "
        "machine.",
    )
    with TemporaryDirectory() as folder:
        shop = Workshop(Path(folder), given.pandas.absolute(), given.singer.absolute())
        if given.only == "report":
            pages(Path(folder), report)
            return
        if given.only == "search":
            search(shop, report)
            return
        if given.quick:
            quiet(shop, report, pairs=5)
            costs(shop, report, 10_000, slow_peers=False)
            speeds(shop, report, quick=True)
        else:
            quiet(shop, report)
            known = costs(shop, report)
            speeds(shop, report)
            search(shop, report)
            growth(shop, report, known, given.largest)
            pages(Path(folder), report)
            seconds_of_events(report)
    report.say("", "## Since the last run", "", *compare(report.figures, load(given.figures)))
    report.figures.dump(given.figures)
    if given.out:
        given.out.parent.mkdir(exist_ok=True)
        given.out.write_text("\n".join(report.lines) + "\n")


if __name__ == "__main__":
    main()
