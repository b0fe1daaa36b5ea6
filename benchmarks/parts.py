"""Where the processor time and the memory of a first load go."""

from __future__ import annotations

from emulated import emulated
from figures import Table
from section import Section
from workshop import Workshop

PARTS = {
    "start": "start: imports, settings, state, summary",
    "reading": "workers: sign, send and parse {calls:,} calls",
    "rows": "rows and versions, with the hash of each version",
    "arrow": "Arrow tables, the files of lists",
    "extraction": "dlt's extraction: hints, Parquet files, trace",
    "normalization": "dlt's normalization",
    "loading": "loading: dlt, and DuckDB's statements in its thread",
    "closing": "closing the DuckDB file, which writes its last row groups again",
    "views": "views",
    "threads": "other threads: dlt's loading, DuckDB's workers",
}


def parts(shop: Workshop, table: Table) -> None:
    """The parts of one load, whose functions are timed by thread, and the memory meanwhile."""
    with emulated(shop.plan.large, quota=False) as emulator:
        measured, seconds, peaks = shop.timed(emulator)
    whole = sum(seconds.values())
    for part, name in PARTS.items():
        took = seconds.pop(part, 0.0)
        each = took / measured.records * 1e6
        most = f"{peaks[part]:,}" if part in peaks else ""
        table.row(name.format(calls=measured.calls), f"{took:.1f}", f"{took / whole:.0%}", f"{each:.0f}", most)
    assert not seconds, f"{', '.join(seconds)} has no name"


SECTION = Section(
    "Parts of the cost of {large:,} records",
    "part | CPU s | share | microseconds of a record | MB at most meanwhile",
    parts,
    "One first load, no latency, no quota, the functions of each part timed by thread. The memory is that of the whole "
    "process: what a part leaves behind counts for the next ones.",
)
