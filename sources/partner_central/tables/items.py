"""The items that the resource of a table yields: rows, the first with hints for the columns in the destination."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import dlt

from .arrow import Columnar
from .hints import HintRules, child_hints, declare_children, root_columns
from .rows import Row
from .table import RecordModel


class Items:
    """Makes what the resource of one table yields in one load.

    The hints come with the first rows, as only then the destination is asked which columns it has: a run without rows
    does not pay for that.

    Args:
        table: name of the table.
        model: gives the columns and lists of that table.
        rules: what the hints of all tables have in common.
        arrow: whether many rows become Arrow tables.
    """

    def __init__(self, table: str, model: Callable[[], RecordModel], rules: HintRules, *, arrow: bool) -> None:
        self._table = table
        self._model = model
        self._rules = rules
        self._arrow = arrow
        self._hints: Any = None
        self._columnar: Columnar | None = None

    def of(self, rows: list[Row], *, first: bool) -> Iterator[Any]:
        """Yields these rows, and before the first ones of a first load what makes the table."""
        if not (rows or first):
            return
        if self._hints is not None:
            yield from self._bare(rows, first=first)
            return
        self._hints = self._prepared()
        for item in self._bare(rows, first=first):
            yield dlt.mark.with_hints(item, self._hints)

    def _bare(self, rows: list[Row], *, first: bool) -> Iterator[Any]:
        if first:
            yield dlt.mark.materialize_table_schema()
        if rows:
            yield from self._columnar.items(rows) if self._columnar else [rows]

    def _prepared(self) -> Any:  # noqa: ANN401 - dlt's hints
        """The hints; the tables of lists are in dlt's schema, or among them."""
        model = self._model()
        columns = root_columns(model, self._rules)
        if not self._arrow:
            return dlt.mark.make_hints(columns=columns, nested_hints=child_hints(model, self._rules))
        self._columnar = Columnar(self._table, model, self._rules)
        if model.children:
            declare_children(dlt.current.source_schema(), self._table, model, self._rules)
        return dlt.mark.make_hints(columns=columns)
