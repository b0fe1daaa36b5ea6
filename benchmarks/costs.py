"""What a first load costs in processor time and memory, beside other ways to do it."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

from emulated import emulated
from figures import Table, spread_of
from partner_central_emulator import Emulator
from section import Section
from workshop import Measured, Workshop, pinned

ROUNDS = 3
Way = Callable[[Emulator], Measured]


def costs(shop: Workshop, table: Table) -> None:
    """This project beside its peers, when nothing makes them wait."""
    dlt = f"dlt {version('dlt')}"
    often: dict[str, Way] = {
        "this project": lambda emulator: shop.ours(emulator, unlimited=True),
        f"boto3 paginator + pandas + DuckDB ({pinned('pandas', 'boto3', 'pandas', 'duckdb')})": shop.paginator,
        "floor: raw JSON to DuckDB": shop.floor,
    }
    once: dict[str, Way] = {
        f"plain dlt resource ({dlt})": shop.plain_dlt,
        f"dlt's REST API source ({dlt})": shop.dlt_rest_api,
        f"dlt's REST API source, files as Parquet ({dlt})": lambda emulator: shop.dlt_rest_api(emulator, "parquet"),
        f"Singer tap + target-duckdb ({pinned('singer', 'singer-sdk', 'target-duckdb', 'duckdb')})": shop.tap,
    }
    once = {} if shop.plan.is_quick else once
    found: dict[str, list[Measured]] = {name: [] for name in (*often, *once)}
    with emulated(shop.plan.large, quota=False) as emulator:
        for _ in range(ROUNDS):
            for name, way in often.items():
                found[name].append(way(emulator))
        for name, way in once.items():
            found[name].append(way(emulator))
    middle = {name: sorted(runs, key=lambda run: run.cost.cpu_seconds)[len(runs) // 2] for name, runs in found.items()}
    peer, floor = list(often)[1:]
    for name, measured in middle.items():
        cpu = measured.cost.cpu_seconds
        table.row(
            name,
            f"{cpu:.1f}",
            f"{cpu / middle[peer].cost.cpu_seconds:.2f}×",
            f"{cpu / middle[floor].cost.cpu_seconds:.2f}×",
            f"{max(run.cost.peak_mb for run in found[name]):,.0f}",
            f"{measured.records / measured.cost.wall_seconds:,.0f}",
            spread=spread_of([run.cost.cpu_seconds for run in found[name]]) if name in often else None,
        )


SECTION = Section(
    "Cost of {large:,} records",
    "what | CPU s | against paginator + pandas | against the floor | peak MB | records/s",
    costs,
    "No latency, no quota: what the machine has to do. Median of "
    f"{ROUNDS} runs in turn; dlt's and the tap's figures are of one run. The peers do less: only dlt's and the tap can "
    "be run again for what is new. None of them continues a load that was interrupted. Not among them is "
    "ingestr 1.1.76: it has no source for this API, and its HTTP source gets one file, without a signature or pages.",
)
