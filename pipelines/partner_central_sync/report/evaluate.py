"""Works out the figures for the rows of the page, batch by batch, as `app/evaluate.js` does in the browser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from .currency import ABOUT
from .fields import TABLES
from .figures import Condition, Figure

Columns = Mapping[str, Sequence[Any]]
Spends = Sequence[Sequence[tuple[str, int]]]
Sums = dict[str, int]  # by currency, in hundredths
OUTSIDE = object()
NO_SPEND = (("", 0),)
SEVERAL = {field.name for fields in TABLES.values() for field in fields if field.kind == "names"}
NONE, NO_DATE, LATER, EARLIER, NOW = "none given", "no date", "later", "earlier", "now"
TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "in": lambda value, other: value in other,
    "not in": lambda value, other: value not in other,
    "<": lambda value, other: value is not None and value < other,
    ">=": lambda value, other: value is not None and value >= other,
    "set": lambda value, _: value is not None,
}


@dataclass(slots=True)
class Group:
    """One bar, column or tile.

    Attributes:
        counts: how many rows, for each series.
        sums: their amounts by currency, for each series.
        values: the values whose median is shown.
    """

    counts: list[int]
    sums: list[Sums]
    values: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entry:
    """A group with what it is called, and the key by which a filter finds its rows; None where none does."""

    label: str
    key: Any
    group: Group


class Tally:
    """A figure, as far as rows were added.

    Args:
        figure: its definition.
        today: the day 0 of its rows.
    """

    def __init__(self, figure: Figure, today: date) -> None:
        self.figure = figure
        self._series: list[dict[str, Any]] = figure.get("series") or [
            {"where": []},
            *([{"where": figure["share"]}] if "share" in figure else []),
            *([{"where": figure["part"][1]}] if "part" in figure else []),
        ]
        self._has_amounts = figure["show"] != "columns" or figure["value"] == "amount"
        self._today = today
        self.groups: dict[Any, Group] = {}

    def add(self, batch: Batch) -> None:
        """Adds rows."""
        by, columns = self.figure.get("by", {}), batch.columns
        rows = batch.matching(self.figure["where"])
        for place, series in enumerate(self._series):
            chosen = list(matching(rows, columns, series["where"]))
            if by.get("unit") == "standing":
                self._add_standing(batch, chosen, place, series["shift"])
                continue
            keyed = list(self._keyed(by, batch, chosen))
            for key, times in Counter(key for key, _ in keyed).items():
                self._group(key).counts[place] += times
            if batch.spends is not None and self._has_amounts:
                self._add_amounts(by, keyed, batch.spends, place)
            if "median" in self.figure:
                for key, row in keyed:
                    self._group(key).values.append(columns[self.figure["median"]][row])

    def entries(self, stages: Sequence[str]) -> list[Entry]:
        """Returns the groups in the order in which they are shown; the stages are in their usual order."""
        by = self.figure.get("by", {})
        unit, keys = by.get("unit"), list(self.groups)
        if "edges" in by:
            return [Entry(label, None, self._group(label)) for label in by["labels"]]
        if unit in {"month", "quarter", "week", "standing"}:
            return [Entry(label, key, self._group(key)) for key, label in self._along(unit, by["count"])]
        if self.figure.get("order") == "stages":
            order = {stage: place for place, stage in enumerate(stages)}
            keys.sort(key=lambda key: (order.get(key, len(order)), key or ""))
        else:
            keys.sort(key=lambda key: (-self.groups[key].counts[0], key or ""))
        return [Entry(key or NONE, key, self.groups[key]) for key in keys]

    def _keyed(self, by: Mapping[str, Any], batch: Batch, rows: Sequence[int]) -> Iterator[tuple[Any, int]]:
        """Each row with the key of each of its groups."""
        if not by:
            return (("", row) for row in rows)
        column = batch.columns[by["field"]]
        if by["field"] == "currency":
            spends = batch.spends or ()
            return (
                (currency or None, row)
                for row in rows
                for currency, _ in spends[row] or NO_SPEND
                if currency[:1] != ABOUT
            )
        if "edges" in by or "unit" in by:
            known = {day: self._bucket(by, day) for day in set(column)}
            return ((key, row) for row in rows if (key := known[column[row]]) is not OUTSIDE)
        if by["field"] in SEVERAL:
            parts = {text: [None] if text is None else list(dict.fromkeys(text.split("; "))) for text in set(column)}
            return ((key, row) for row in rows for key in parts[column[row]])
        return ((column[row], row) for row in rows)

    def _add_amounts(self, by: Mapping[str, Any], keyed: Iterable[tuple[Any, int]], spends: Spends, place: int) -> None:
        is_by_currency = by.get("field") == "currency"
        sums: dict[tuple[Any, str], int] = {}
        for key, row in keyed:
            for currency, amount in spends[row]:
                if not is_by_currency or currency == (key or ""):
                    at = (key, currency)
                    sums[at] = sums.get(at, 0) + amount
        for (key, currency), amount in sums.items():
            found = self._group(key).sums[place]
            found[currency] = found.get(currency, 0) + amount

    def _bucket(self, by: Mapping[str, Any], day: int | None) -> object:
        """The part of an axis that a day is in, or that it lies outside of what is shown."""
        if "edges" in by:
            return OUTSIDE if day is None else by["labels"][sum(-day > edge for edge in by["edges"])]
        unit, count = by["unit"], by["count"]
        if unit == "week":
            return -day // 7 if day is not None and -7 * count < day <= 0 else OUTSIDE
        if day is None:
            return None
        now, at = (_number(unit, self._today + timedelta(days)) for days in (0, day))
        if unit == "month":
            return LATER if at >= now + count else at
        return EARLIER if at <= now - count else at

    def _along(self, unit: str, count: int) -> Iterator[tuple[Any, str]]:
        """The keys of an axis of time, and their labels."""
        if unit in {"week", "standing"}:
            end = -6 if unit == "week" else self.figure["by"]["end"]
            for week in reversed(range(count)):
                day = self._today + timedelta(end - 7 * week)
                yield week, NOW if unit == "standing" and week == 0 else f"{day.day} {day:%b}"
            return
        now = _number(unit, self._today)
        if unit == "month":
            yield from ((at, f"{date(at // 12, at % 12 + 1, 1):%b %y}") for at in range(now, now + count))
        else:
            if EARLIER in self.groups:
                yield EARLIER, EARLIER
            yield from ((at, f"{at // 4 % 100:02} Q{at % 4 + 1}") for at in range(now - count + 1, now + 1))
        yield from ((key, key or NO_DATE) for key in (LATER, None) if key in self.groups)

    def _add_standing(self, batch: Batch, rows: Sequence[int], place: int, shift: int) -> None:
        """Adds to each week's end what had begun by then and not ended, but to no week before all is known."""
        by, columns = self.figure["by"], batch.columns
        begins, ends, weeks, sunday = columns[by["field"]], columns[by["until"]], by["count"], by["end"] - shift
        steps = [0] * (weeks + 1)
        amounts: dict[str, list[int]] = {}
        for row in rows:
            begin, end = begins[row], ends[row]
            if begin is None:
                continue
            last = min(weeks - 1, (sunday - begin) // 7)
            first = 0 if end is None else max(0, (sunday - end) // 7 + 1)
            if first <= last:
                steps[first] += 1
                steps[last + 1] -= 1
                for currency, amount in batch.spends[row] if batch.spends and self._has_amounts else ():
                    found = amounts.setdefault(currency, [0] * (weeks + 1))
                    found[first] += amount
                    found[last + 1] -= amount
        known = range(min(weeks, (sunday - by["begin"]) // 7 + 1))
        for week, number in zip(known, accumulate(steps), strict=False):
            self._group(week).counts[place] += number
        for currency, changes in amounts.items():
            for week, amount in zip(known, accumulate(changes), strict=False):
                sums = self._group(week).sums[place]
                sums[currency] = sums.get(currency, 0) + amount

    def _group(self, key: Any) -> Group:  # noqa: ANN401 - whatever a column holds
        if key not in self.groups:
            self.groups[key] = Group([0] * len(self._series), [{} for _ in self._series])
        return self.groups[key]


class Batch:
    """Rows to add.

    Args:
        columns: their values.
        spends: the amounts of each row, by currency, if it has such.
    """

    def __init__(self, columns: Columns, spends: Spends | None) -> None:
        self.columns, self.spends = columns, spends
        self._known: dict[tuple[Condition, ...], Sequence[int]] = {(): range(len(columns["id"]))}

    def matching(self, where: Sequence[Condition]) -> Sequence[int]:
        """The rows that meet all conditions; figures that begin with the same ones share the work."""
        for end in range(1, len(where) + 1):
            key = tuple(where[:end])
            if key not in self._known:
                self._known[key] = list(matching(self._known[key[:-1]], self.columns, key[-1:]))
        return self._known[tuple(where)]


def matching(rows: Iterable[int], columns: Columns, where: Sequence[Condition]) -> Iterable[int]:
    """Returns the rows that meet all conditions."""
    for name, operator, other in where:
        column = columns[name]
        if operator == "=":  # nearly all conditions
            rows = [row for row in rows if column[row] == other]
        else:
            test = TESTS[operator]
            rows = [row for row in rows if test(column[row], other)]
    return rows


def _number(unit: str, day: date) -> int:
    return day.year * 12 + day.month - 1 if unit == "month" else day.year * 4 + (day.month - 1) // 3
