"""What `SearchOpportunities` adds to a first load, alone on the machine and beside another load."""

from __future__ import annotations

import os
from contextlib import nullcontext

from emulated import emulated
from figures import Table
from other_load import LATENCY_MS, another_load
from section import Section
from workshop import MIDDLE, SEARCH, SPINE, SUMMARIES, Workshop, check


def search(shop: Workshop, table: Table) -> None:
    """First loads without the search, with it, and with it beside another."""
    without = 0
    for tables, other in ((SPINE, False), (SEARCH, False), (SEARCH, True)):
        place = shop.fresh()
        beside = another_load(shop.fresh(), "--search") if other else nullcontext()
        with beside, emulated(MIDDLE, latency_ms=LATENCY_MS, search=True) as emulator:
            measured = shop.ours(emulator, place, tables=tables)
        if SUMMARIES in tables:
            check(place / "partner_central.duckdb", f"partner_central.{SUMMARIES}", MIDDLE)
        without = without or measured.calls
        table.row(
            " + ".join(tables) + (", beside another such load" if other else ""),
            f"{measured.calls:,}",
            f"{measured.calls / without:.2f}×",
            f"{measured.cost.wall_seconds:.1f}",
            f"{measured.call_fraction:.2f}",
            f"{measured.cost.cpu_seconds:.1f}",
            f"{measured.cost.peak_mb:,.0f}",
            f"{os.getloadavg()[0]:.1f}",
        )


SECTION = Section(
    f"First load of {MIDDLE:,} opportunities with the search",
    "tables | calls | of those without | seconds | fraction of the quota | CPU s | peak MB | load average",
    search,
    f"{LATENCY_MS} ms, 10 calls a second, from the start of the process to its end. The fraction is that of calls.",
)
