"""A section of the benchmarks is data: a table's head, and the function that measures its rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from figures import Table
from workshop import Plan, Workshop


@dataclass(frozen=True, slots=True)
class Section:
    """A section.

    Attributes:
        title: what it measures. Here and in the note, `{large}` and the other names of the plan are filled in.
        columns: the heads of its table, with ` | ` between.
        measure: adds the rows.
        note: what a reader has to know before the rows.
    """

    title: str
    columns: str
    measure: Callable[[Workshop, Table], None]
    note: str = ""

    def empty(self, plan: Plan) -> Table:
        """Returns its table without rows."""
        filled = asdict(plan)
        return Table(self.title.format(**filled), self.columns.split(" | "), self.note.format(**filled))
