"""How long the report takes to write, to appear and to filter, and how large it is."""

from __future__ import annotations

import statistics

import process
from browser import Browser
from emulated import emulated
from figures import Table
from many_opportunities import multiply
from section import Section
from workshop import Workshop

SIZES = ((20_000, 1), (100_000, 1), (100_000, 3), (400_000, 1))  # opportunities, and versions of each
FILTERS = {
    "one stage": "toggle('stage', tables.opportunities.columns.stage.values[0])",
    "one owner more": "toggle('owner', tables.opportunities.columns.owner.parts[1][0])",
    "no filter": "reset()",
    "a search": "state.q = 'acme', changed()",
    "another search": "state.q = 'hotels', changed()",
}
TIMED = "(() => {{ const begin = performance.now(); {}; return performance.now() - begin; }})()"
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def pages(shop: Workshop, table: Table) -> None:
    """Measures pages of several sizes, from files whose rows are repeated by SQL."""
    small = shop.fresh()
    with emulated(500, quota=False, skew="uniform") as emulator:
        shop.ours(emulator, small, unlimited=True, tables=("bulk",))
    for size, versions in SIZES:
        place = shop.fresh()
        multiply(small / "partner_central.duckdb", place / "partner_central.duckdb", size, versions)
        cost = process.run([shop.command, "report"], env={"DLT_DATA_DIR": str(place / "dlt")}, cwd=place)
        page = place / "report.html"
        with Browser(place / "profile") as browser:
            browser.open(page)
            drawn, paint = browser.evaluate("performance.now()"), browser.evaluate(PAINT)
            times = [browser.evaluate(TIMED.format(action)) for action in FILTERS.values()]
        table.row(
            f"{size:,}, {versions}",
            *(f"{cost.wall_seconds:.1f}", f"{cost.cpu_seconds:.1f}", f"{page.stat().st_size / 1e6:.1f}"),
            *(f"{paint:,.0f}", f"{drawn:,.0f}", f"{statistics.median(times):,.0f}", f"{max(times):,.0f}"),
        )


SECTION = Section(
    "The report",
    "opportunities, versions of each | write, s | CPU s | MB | first paint, ms | drawn again, ms | a filter, ms "
    "(median) | slowest",
    pages,
    "`partner-central report` on a DuckDB file, and the page in headless Chromium. Of more than 100,000 opportunities, "
    "the page has 100,000.",
)
