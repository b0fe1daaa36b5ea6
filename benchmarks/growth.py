"""How the cost of a first load grows with its size."""

from __future__ import annotations

from emulated import emulated
from figures import Table
from section import Section
from workshop import Workshop

PER = 100_000


def growth(shop: Workshop, table: Table) -> None:
    """First loads of growing size."""
    for records in (10_000, shop.plan.large, shop.plan.largest):
        with emulated(records, quota=False) as emulator:
            cost = shop.ours(emulator, unlimited=True).cost
        cpu = cost.cpu_seconds
        table.row(f"{records:,}", f"{cpu:.1f}", f"{cpu / records * PER:.1f}", f"{cost.peak_mb:,.0f}")


SECTION = Section(
    "Growth",
    f"records | CPU s | CPU s per {PER:,} | peak MB",
    growth,
    "No latency, no quota, first load.",
)
