"""Fractions of the quota, from process start to rows in DuckDB."""

from __future__ import annotations

from emulated import emulated
from figures import Table
from other_load import another_load
from section import Section
from workshop import MIDDLE, PAGE, Measured, Workshop


def speeds(shop: Workshop, table: Table) -> None:
    """First loads of several sizes, dates and latencies; then the same in one chain."""

    def measure(records: int, skew: str, latency_ms: int, burst: int = 10) -> Measured:
        with emulated(records, latency_ms=latency_ms, burst=burst, skew=skew) as emulator:
            measured = shop.ours(emulator)
        _row(table, f"{records:,} {skew}, {latency_ms} ms, {burst}", measured)
        return measured

    for skew in ("skewed", "hour") if shop.plan.is_quick else ("skewed", "minute", "uniform", "hour", "instant"):
        measure(MIDDLE, skew, 250)
    if shop.plan.is_quick:
        return
    measure(MIDDLE, "skewed", 250, burst=1)
    with another_load(shop.fresh()), emulated(MIDDLE, latency_ms=250) as emulator:
        _row(table, f"{MIDDLE:,} skewed, 250 ms, 10, beside another first load", shop.ours(emulator))
    measure(12, "uniform", 250)
    for latency in (50, 600):
        measure(MIDDLE, "skewed", latency)
    large = {latency: measure(shop.plan.large, "skewed", latency) for latency in (50, 250, 600)}
    measure(shop.plan.large, "skewed", 250, burst=1)
    for latency in (50, 250, 600):
        with emulated(MIDDLE, latency_ms=latency) as emulator:
            chain = shop.paginator(emulator)
        _row(table, f"in one chain (paginator + pandas): {MIDDLE:,} skewed, {latency} ms, 10", chain)
    table.after = (
        f"At 600 ms, {shop.plan.large:,} records came {large[600].fraction / chain.fraction:.1f}× as fast as in the "
        "chain, whose speed hardly depends on the size."
    )


def _row(table: Table, name: str, measured: Measured) -> None:
    table.row(
        name,
        f"{measured.cost.wall_seconds:.1f}",
        f"{measured.fraction:.2f}",
        f"{measured.calls:,}",
        f"{measured.extra:+.1%}" if measured.records >= PAGE else "",
        f"{measured.throttles}",
    )


SECTION = Section(
    "Fraction of the quota",
    "records, CreatedDates, latency, burst | seconds | fraction of the quota | calls | above ideal | throttles",
    speeds,
    "From the start of the process to its end, rows in DuckDB. The quota is 10 calls a second, 1,000 records. "
    "`partner-central emulator --help` says what the dates are. The other first load has its own emulator, and runs "
    "the whole time.",
)
