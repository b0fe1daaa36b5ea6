"""What `SearchOpportunities` adds to a first load, and what a quiet run costs with every table."""

from __future__ import annotations

import os

from quiet import quiet
from report import Report
from workshop import SPINE, Workshop, check, emulated

SUMMARIES = "opportunity_search_summaries"
RECORDS, LATENCY_MS = 20_000, 250


def search(shop: Workshop, report: Report) -> None:
    """First loads without the search and with it, then quiet runs with everything on."""
    report.table(
        f"First load of {RECORDS:,} opportunities with the search",
        "tables | calls | of those without | seconds | fraction of the quota | CPU s | peak MB | load average",
        f"{LATENCY_MS} ms, 10 calls a second, from the start of the process to its end. The fraction is that of calls.",
    )
    without = 0
    for tables in (SPINE, (*SPINE, SUMMARIES)):
        place = shop.fresh()
        with emulated(RECORDS, latency_ms=LATENCY_MS, search=True) as emulator:
            measured = shop.ours(emulator, place, tables=tables)
        if SUMMARIES in tables:
            check(place / "partner_central.duckdb", f"partner_central.{SUMMARIES}", RECORDS)
        without = without or measured.calls
        report.row(
            " + ".join(tables),
            f"{measured.calls:,}",
            f"{measured.calls / without:.2f}×",
            f"{measured.cost.wall_seconds:.1f}",
            f"{measured.call_fraction:.2f}",
            f"{measured.cost.cpu_seconds:.1f}",
            f"{measured.cost.peak_mb:,.0f}",
            f"{os.getloadavg()[0]:.1f}",
        )
    quiet(shop, report, title="A quiet run with every table", records=500, pairs=5, tables=["all"])
