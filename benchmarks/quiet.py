"""What a run costs that finds nothing new."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from figures import spread_of
from report import Report
from workshop import SPINE, Workshop, emulated

PAIRS = 15


def quiet(
    shop: Workshop,
    report: Report,
    *,
    title: str = "A run with nothing new",
    records: int = 20_000,
    pairs: int = PAIRS,
    tables: Sequence[str] = SPINE,
) -> None:
    """A run that finds nothing new, beside the least that it could do."""
    report.table(title, f"what | CPU s (median of {pairs}) | calls | peak MB")
    with emulated(records, quota=False) as emulator:
        place = shop.fresh()
        shop.ours(emulator, place, unlimited=True, tables=tables)
        runs = [(shop.ours(emulator, place, tables=tables), shop.least(emulator, place)) for _ in range(pairs)]
    for name, found in zip(("this project", "`import dlt` and one boto3 call"), zip(*runs, strict=True), strict=True):
        seconds = [run.cost.cpu_seconds for run in found]
        calls, peak = max(run.calls for run in found), max(run.cost.peak_mb for run in found)
        report.row(name, f"{statistics.median(seconds):.2f}", f"{calls}", f"{peak:,.0f}", spread=spread_of(seconds))
    ratio = statistics.median(ours.cost.cpu_seconds / least.cost.cpu_seconds for ours, least in runs)
    report.say("", f"Median of the ratios of runs side by side: {ratio:.2f}×.")
