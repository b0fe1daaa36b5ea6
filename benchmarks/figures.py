"""Figures of the benchmarks as data: tables, kept as JSON, and compared with those that were kept before."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

MORE_IS_BETTER = frozenset({"fraction of the quota", "records/s"})
COUNTED = frozenset({"calls", "calls of 20", "throttles"})
OF_THE_PACE = frozenset({"seconds", "fraction of the quota"})
CONDITIONS = frozenset({"load average"})
NUMBER = re.compile(r"\d[\d,]*\.?\d*")
FEWEST_FOR_QUARTILES = 5
LEAST_NOISE = 0.05  # what rounded figures differ by
FEW = 2  # calls or throttles


def spread_of(repeats: Sequence[float]) -> float:
    """Returns how far repeats of a measurement differ, as a share of the middle one: all of few, half of many."""
    if len(repeats) < FEWEST_FOR_QUARTILES:
        low, high = min(repeats), max(repeats)
    else:
        low, _, high = statistics.quantiles(repeats, n=4)
    return (high - low) / statistics.median(repeats)


@dataclass(slots=True)
class Table:
    """What a section measured.

    Attributes:
        title: what was measured.
        columns: their heads; the first is that of the rows' names.
        note: what a reader has to know before the rows.
        measured: when.
        conditions: the versions and the machine.
        rows: the cells of each; the first is its name.
        spreads: how far the repeats of a row differ, as a share, by its name; none of what was measured once.
        after: what follows from the rows.
        before: when the figures were measured that these were compared with; empty if there were none.
        worse: a line for each figure that is worse than before.
    """

    title: str
    columns: list[str]
    note: str = ""
    measured: str = ""
    conditions: str = ""
    rows: list[list[str]] = field(default_factory=list)
    spreads: dict[str, float] = field(default_factory=dict)
    after: str = ""
    before: str = ""
    worse: list[str] = field(default_factory=list)

    def row(self, *cells: str, spread: float | None = None) -> None:
        """Adds a row, and shows it; `spread` is that of its repeats, if it was measured more than once."""
        self.rows.append(list(cells))
        if spread is not None:
            self.spreads[cells[0]] = spread
        print(f"| {' | '.join(cells)} |", flush=True)

    def values(self) -> Iterator[tuple[str, str, float]]:
        """Yields row, column and figure; text, shares and conditions are none."""
        for name, *cells in self.rows:
            for column, cell in zip(self.columns[1:], cells, strict=True):
                found = NUMBER.match(cell)
                if found and column not in CONDITIONS and not cell.endswith("%"):
                    yield name, column, float(found[0].replace(",", ""))

    def compare(self, kept: Mapping[str, Table], name: str) -> None:
        """Notes what is worse by more than the noise than in the kept table of the same section and title.

        A row that was measured once has twice the middle noise of the rows that were repeated, of all sections, since
        both of its measurements can be off. What is counted, or follows from the pace, has hardly any.
        """
        known = kept.get(name)
        if known is None or known.title != self.title:
            return
        self.before = known.measured
        spreads = [spread for table in (self, *kept.values()) for spread in table.spreads.values()]
        of_one = 2 * statistics.median(spreads) if spreads else LEAST_NOISE
        earlier = {(row, column): value for row, column, value in known.values()}
        for row, column, value in self.values():
            figure = earlier.get((row, column))
            noise = max(LEAST_NOISE, *(table.spreads.get(row, of_one) for table in (self, known)))
            if figure is not None and _is_worse(column, figure, value, noise):
                self.worse.append(f"{row}: {column} {figure:g} -> {value:g}")


def load(file: Path) -> dict[str, Table]:
    """Returns the tables that are kept, by section; none if there is no file."""
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return {name: Table(**table) for name, table in kept.items()}


def dump(tables: Mapping[str, Table], file: Path) -> None:
    """Writes the tables by section."""
    write(file, json.dumps({name: asdict(table) for name, table in tables.items()}, indent=1, ensure_ascii=False))


def write(file: Path, text: str) -> None:
    """Writes a file at once: whoever reads it finds the text before or this one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.new")
    beside.write_text(f"{text}\n", encoding="utf-8")
    beside.replace(file)


def _is_worse(column: str, before: float, now: float, noise: float) -> bool:
    """Returns whether a figure is worse than before by more than the noise, as a share of what it was."""
    if column in COUNTED:
        return now > before * (1 + LEAST_NOISE) + FEW
    if column in OF_THE_PACE:
        noise = LEAST_NOISE
    return now < before * (1 - noise) if column in MORE_IS_BETTER else now > before * (1 + noise)
