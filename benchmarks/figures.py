"""Figures of a benchmark as data: kept as JSON, and compared with those of the last run."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

MORE_IS_BETTER = frozenset({"fraction of the quota", "records/s"})
CONDITIONS = frozenset({"load average"})
NUMBER = re.compile(r"\d[\d,]*\.?\d*")
FEWEST_FOR_QUARTILES = 5
LEAST_NOISE = 0.05  # what rounded figures differ by


def spread_of(repeats: Sequence[float]) -> float:
    """Returns how far repeats of a measurement differ, as a share of the middle one: all of few, half of many."""
    if len(repeats) < FEWEST_FOR_QUARTILES:
        low, high = min(repeats), max(repeats)
    else:
        low, _, high = statistics.quantiles(repeats, n=4)
    return (high - low) / statistics.median(repeats)


@dataclass(slots=True)
class Figures:
    """The figures of one run.

    Attributes:
        measured: when and on what, as a sentence.
        values: each figure, by table, row and column.
        spreads: how far the repeats of a row differ, as a share, by table and row.
    """

    measured: str = ""
    values: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    spreads: dict[str, dict[str, float]] = field(default_factory=dict)

    def note(self, table: str, columns: Sequence[str], cells: Sequence[str], spread: float | None) -> None:
        """Notes the figures of a row; text, shares and conditions are none.

        Args:
            table: its title.
            columns: their heads; the first is that of the row's name.
            cells: the name of the row, and its figures.
            spread: of its repeats; None if it was measured once.
        """
        row = self.values.setdefault(table, {}).setdefault(cells[0], {})
        for column, cell in zip(columns[1:], cells[1:], strict=True):
            found = NUMBER.match(cell)
            if found and column not in CONDITIONS and not cell.endswith("%"):
                row[column] = float(found[0].replace(",", ""))
        if spread is not None:
            self.spreads.setdefault(table, {})[cells[0]] = spread

    def worse_than(self, before: Figures) -> list[str]:
        """Returns a line for each figure that is worse than before by more than the noise of both runs.

        The noise of a row that was measured once is the widest of all rows that were repeated.
        """
        widest = max(self._spreads() | before._spreads(), default=0.0)
        lines = []
        for table, rows in self.values.items():
            for name, now in rows.items():
                of_row = [one.spreads.get(table, {}).get(name, widest) for one in (self, before)]
                noise = max(LEAST_NOISE, *of_row)
                for column, value in now.items():
                    known = before.values.get(table, {}).get(name, {}).get(column)
                    if known and (change := _loss(column, known, value)) > noise:
                        lines.append(f"{table}, {name}: {column} {known:g} -> {value:g} ({change:.0%} worse)")
        return lines

    def _spreads(self) -> set[float]:
        return {spread for rows in self.spreads.values() for spread in rows.values()}

    def dump(self, file: Path) -> None:
        """Writes them."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n")


def load(file: Path) -> Figures | None:
    """Returns the figures that a run wrote; None if there are none."""
    return Figures(**json.loads(file.read_text())) if file.exists() else None


def compare(now: Figures, before: Figures | None) -> Iterable[str]:
    """Yields what a reader is told of two runs."""
    if before is None:
        yield "No earlier run is known here."
        return
    yield f"Compared with the run before. {before.measured}"
    worse = now.worse_than(before)
    yield from (f"- {line}" for line in worse)
    if not worse:
        yield "Nothing is worse by more than the noise of the repeats."


def _loss(column: str, before: float, now: float) -> float:
    """Returns by which share of the figure before a figure is worse; negative where it is better."""
    change = (now - before) / before
    return -change if column in MORE_IS_BETTER else change
