"""What a run costs that finds nothing new."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from emulated import emulated
from figures import Table, spread_of
from section import Section
from workshop import MIDDLE, Measured, Workshop

SMALL = 500  # opportunities, each of which has calls of its own where every table is loaded


def quiet(shop: Workshop, table: Table) -> None:
    """Runs that find nothing new, beside the least that they could do."""
    least = "`import dlt` and one boto3 call"
    pairs = range(shop.plan.pairs)
    with emulated(MIDDLE, quota=False) as emulator:
        place = shop.fresh()
        shop.ours(emulator, place, unlimited=True)
        both = [(shop.ours(emulator, place), shop.least(emulator, place)) for _ in pairs]
        first_calls = [shop.until_first_call(emulator, place) for _ in pairs]
    ours, leasts = [run for run, _ in both], [run for _, run in both]
    _row(table, "this project", ours)
    _row(table, least, leasts)
    spread = spread_of(first_calls)
    table.row("this project, until its first call", f"{statistics.median(first_calls):.2f}", "", "", spread=spread)
    if not shop.plan.is_quick:
        with emulated(SMALL, quota=False) as emulator:
            place = shop.fresh()
            shop.ours(emulator, place, unlimited=True, tables=["all"])
            every = [shop.ours(emulator, place, tables=["all"]) for _ in range(5)]
        _row(table, f"this project, every table of {SMALL} opportunities", every)
    ratio = statistics.median(run.cost.cpu_seconds / least.cost.cpu_seconds for run, least in both)
    table.after = f"Median of the ratios of runs side by side: {ratio:.2f}×."


def _row(table: Table, name: str, runs: Sequence[Measured]) -> None:
    seconds = [run.cost.cpu_seconds for run in runs]
    calls, peak = max(run.calls for run in runs), max(run.cost.peak_mb for run in runs)
    median = statistics.median(seconds)
    table.row(name, f"{median:.2f}", f"{calls}", f"{peak:,.0f}", spread=spread_of(seconds))


SECTION = Section(
    "A run with nothing new",
    "what | CPU s (median) | calls | peak MB",
    quiet,
    f"Of {MIDDLE:,} opportunities and no other table, if nothing else is said. Medians of {{pairs}} runs; with every "
    "table, of 5.",
)
