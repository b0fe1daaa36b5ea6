"""What a quiet account costs after the first, when one process syncs many."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from pathlib import Path

from emulated import emulated
from figures import Table, spread_of
from partner_central_emulator import Emulator
from section import Section
from workshop import SPINE, Measured, Workshop, check

MANY, RECORDS, PAIRS = 20, 500, 3
TABLES: dict[str, Sequence[str]] = {"opportunities": SPINE, "the default tables": ("bulk",)}


def accounts(shop: Workshop, table: Table) -> None:
    """Quiet runs of one account and of many, in turn."""
    for name, tables in TABLES.items():
        with emulated(RECORDS, quota=False) as emulator:
            place = shop.fresh()
            _sync(shop, emulator, place, MANY, tables)
            for number in range(MANY):
                check(place / "partner_central.duckdb", f"partner_central_a{number}.opportunities", RECORDS)
            runs = [[_sync(shop, emulator, place, count, tables) for count in (1, MANY)] for _ in range(PAIRS)]
        each = [(many.cost.cpu_seconds - one.cost.cpu_seconds) / (MANY - 1) for one, many in runs]
        table.row(
            name,
            *(
                f"{statistics.median(run.cost.cpu_seconds for run in of_size):.2f}"
                for of_size in zip(*runs, strict=True)
            ),
            f"{statistics.median(each):.2f}",
            f"{max(many.calls for _, many in runs)}",
            f"{max(many.cost.peak_mb for _, many in runs):,.0f}",
            spread=spread_of(each),
        )


def _sync(shop: Workshop, emulator: Emulator, place: Path, count: int, tables: Sequence[str]) -> Measured:
    listed = json.dumps([{"name": f"a{number}"} for number in range(count)])
    command = [shop.command, "sync", "--quiet", "--all-accounts"]
    return shop.measure(
        emulator, place, command, unlimited=True, tables=tables, settings={"PARTNER_CENTRAL__ACCOUNTS": listed}
    )


SECTION = Section(
    f"{MANY} quiet accounts in one process",
    f"tables | CPU s of one account | CPU s of {MANY} | CPU s of each after the first | calls of {MANY} | peak MB",
    accounts,
    f"`partner-central sync --all-accounts` with {RECORDS} opportunities in each account, nothing new, no latency and "
    f"DuckDB. Medians of {PAIRS} runs in turn.",
)
