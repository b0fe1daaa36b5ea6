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
ROWS: dict[str, tuple[Sequence[str], bool]] = {  # tables, and whether the accounts share a dataset
    "opportunities": (SPINE, False),
    "opportunities, in one dataset for all": (SPINE, True),
    "the default tables": (("bulk",), False),
}


def accounts(shop: Workshop, table: Table) -> None:
    """Quiet runs of one account and of many, in turn."""
    for name, (tables, shared) in ROWS.items():
        listed = [{"name": f"a{number}", "account_column": shared} for number in range(MANY)]
        datasets = ["partner_central"] if shared else [f"partner_central_{account['name']}" for account in listed]
        with emulated(RECORDS, quota=False) as emulator:
            place = shop.fresh()
            _sync(shop, emulator, place, listed, tables)
            for dataset in datasets:
                check(place / "partner_central.duckdb", f"{dataset}.opportunities", RECORDS * MANY // len(datasets))
            runs = [[_sync(shop, emulator, place, some, tables) for some in (listed[:1], listed)] for _ in range(PAIRS)]
        one, many = ([run.cost.cpu_seconds for run in of_size] for of_size in zip(*runs, strict=True))
        each = [(after - before) / (MANY - 1) for before, after in zip(one, many, strict=True)]
        table.row(
            name,
            *(f"{statistics.median(seconds):.2f}" for seconds in (one, many, each)),
            f"{max(run.calls for _, run in runs)}",
            f"{max(run.cost.peak_mb for _, run in runs):,.0f}",
            spread=spread_of(many),
        )


def _sync(shop: Workshop, emulator: Emulator, place: Path, listed: Sequence[object], tables: Sequence[str]) -> Measured:
    command = [shop.command, "sync", "--quiet", "--all-accounts"]
    settings = {"PARTNER_CENTRAL__ACCOUNTS": json.dumps(listed)}
    return shop.measure(emulator, place, command, unlimited=True, tables=tables, settings=settings)


SECTION = Section(
    f"{MANY} quiet accounts in one process",
    f"tables | CPU s of one account | CPU s of {MANY} | CPU s of each after the first | calls of {MANY} | peak MB",
    accounts,
    f"`partner-central sync --all-accounts` with {RECORDS} opportunities in each account, nothing new and no "
    "latency. They are in one DuckDB file, with a dataset for each account if nothing else is said; each dataset in a "
    f"file makes it slower to open. Medians of {PAIRS} runs in turn.",
)
