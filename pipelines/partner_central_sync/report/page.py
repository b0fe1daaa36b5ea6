"""The page: a heading, what needs somebody, and a section for each further question of a partner manager."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from . import draw
from .currency import ABOUT, SYMBOLS, all_exact, short
from .embed import pack, to_json, written_entry
from .evaluate import matching
from .fields import AT_AWS, FILTERS, RANGES, TABLES, Field
from .figures import Figure
from .frame import TITLE, footer, heading
from .html import Html, tag
from .sections import SECTIONS
from .snapshot import Snapshot

HERE = Path(__file__).parent
APP = ("format", "data", "evaluate", "standing", "order", "draw", "filters", "state", "table", "panel", "page")
FIRST_ROWS = 50
SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)
NARROW = ("customer", "stage", "amount")  # on a phone
SHOWN = ("customer", "id", "stage", "review", "amount", "target", "owner")


class Page:
    """The page of a snapshot.

    Args:
        snapshot: what is on it.
        link: the address of an opportunity in Partner Central, with `{id}`; None without one.
        now: when it is written.
    """

    def __init__(self, snapshot: Snapshot, link: str | None, now: datetime) -> None:
        self._snapshot, self._link, self._now = snapshot, link, now
        self._shown = ("account", *SHOWN) if snapshot.is_shared else SHOWN
        self._opportunities = snapshot.tables["opportunities"].columns
        self._entries = {name: tally.entries(snapshot.stages) for name, tally in snapshot.tallies.items()}
        named = [entry.key for entry in self._entries["by_currency"] if entry.key is not None]
        self._currency: str = named[0] if named else ""
        self._rated = [row["currency_code"] for row in snapshot.rates]
        if snapshot.reporting and any(spends is not None for spends in self._opportunities["reporting"]):
            self._currency = f"{ABOUT}{snapshot.reporting}"

    def render(self) -> str:
        """Returns the whole page, which loads nothing: styles, programs and rows are in it."""
        script = "".join(text(path) for path in ("vendor/tabulator.min.js", *(f"app/{name}.js" for name in APP)))
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        policy = (
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
            f"script-src 'sha256-{digest}'"
        )
        links = [tag("li", tag("a", title, href=f"#{name}")) for name, title, *_ in SECTIONS]
        links.append(tag("li", tag("a", "All opportunities", href="#opportunities")))
        head = tag(
            "head",
            Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
            Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
            tag("title", f"{TITLE}: {self._snapshot.dataset}"),
            tag(
                "style",
                Html(text("vendor/tabulator.min.css") + text("style.css") + text("table.css") + text("print.css")),
            ),
        )
        body = tag(
            "body",
            tag("a", "To the content", class_="skip", href="#content"),
            tag("header", *heading(self._snapshot, self._now), tag("nav", tag("ul", *links), aria_label="Sections")),
            tag("div", id="filters", hidden=""),
            tag("main", *(self._section(*section) for section in SECTIONS), self._all(), id="content"),
            tag("footer", *footer(self._snapshot)),
            tag("script", Html(to_json(self._meta())), type="application/json", id="meta"),
            tag("script", Html(pack(self._snapshot)), type="application/json", id="rows"),
            tag("script", Html(script)),
        )
        return f'<!doctype html>\n<html lang="en">{head}{body}</html>\n'

    def _meta(self) -> dict[str, Any]:
        """Returns what the programs of the page have to know besides the rows."""
        snapshot = self._snapshot
        return {
            "today": f"{snapshot.today}",
            "since": (snapshot.since - snapshot.today).days,
            "last": snapshot.last and (snapshot.last - snapshot.today).days,
            "currency": self._currency,
            "symbols": SYMBOLS,
            "link": self._link,
            "dataset": snapshot.dataset,
            "stages": snapshot.stages,
            "reporting": snapshot.reporting,
            "rated": self._rated,
            "filters": [name for name in FILTERS if name != "account" or snapshot.is_shared],
            "ranges": RANGES,
            "shown": self._shown,
            "narrow": NARROW,
            "at_aws": AT_AWS,
            "first": FIRST_ROWS,
            "colours": draw.COLOURS,
            "figures": {name: tally.figure for name, tally in snapshot.tallies.items()},
            "fields": {
                name: [
                    {"name": one.name, "label": self._label(one), "kind": one.kind}
                    for one in fields
                    if (one.name != "reporting" or snapshot.reporting) and (one.name != "account" or snapshot.is_shared)
                ]
                for name, fields in TABLES.items()
            },
            "entries": {
                name: [written_entry(one) for one in entries]
                for name, entries in self._entries.items()
                if not snapshot.tables[snapshot.tallies[name].figure["table"]].is_whole
            },
            "cut": [name for name, table in snapshot.tables.items() if not table.is_whole],
            "totals": {name: table.total for name, table in snapshot.tables.items()},
        }

    def _label(self, field: Field) -> str:
        return f"In {self._snapshot.reporting}" if field.name == "reporting" else field.label

    def _section(self, name: str, title: str, figures: Sequence[str], layout: str) -> Html:
        drawn = [self._figure(figure) for figure in figures if figure in self._entries]
        return tag(
            "section",
            tag("h2", title, id=f"{name}-title"),
            self._since() if name == "new" else None,
            tag("div", *drawn, class_=layout),
            id=name,
            aria_labelledby=f"{name}-title",
        )

    def _since(self) -> Html:
        """Returns since when changes are new; the programs of the page put a choice in its place."""
        last = self._snapshot.last
        known = f" The last report before these data knew up to {last}." if last else None
        return tag("p", f"Since {self._snapshot.since}.", known, class_="soft", id="since")

    def _figure(self, name: str) -> Html:
        figure, entries = self._snapshot.tallies[name].figure, self._entries[name]
        if figure["show"] == "bars":
            return draw.bars(figure, entries, self._currency)
        if figure["show"] == "columns":
            return draw.columns(figure, entries, self._currency)
        rows, found = None, list[int]()
        if "list" in figure:
            table = self._snapshot.tables[figure["table"]]
            found = self._sorted(figure, list(matching(range(table.size), table.columns, figure["where"])))
            rows = draw.rows_of(figure, table.columns, found, self._cell)
        return draw.tile(figure, entries, self._currency, self._rated, rows, len(found))

    def _sorted(self, figure: Figure, rows: list[int]) -> list[int]:
        """The rows by the column that the figure names, what lacks it at the end."""
        name, direction = figure["list"]["sort"]
        columns = self._snapshot.tables[figure["table"]].columns
        if name == "amount":
            values: dict[int, Any] = {row: self._amount(row) for row in rows}
        else:
            values = {row: columns[name][row] for row in rows}
        there = [row for row in rows if values[row] is not None]
        there.sort(key=values.__getitem__, reverse=direction == "down")
        return [*there, *(row for row in rows if values[row] is None)]

    def _cell(self, field: Field, columns: Mapping[str, Sequence[Any]], row: int) -> str:
        value = columns[field.name][row]
        if field.kind == "money":
            sums = self._spends(row)
            written = ", ".join(short(amount, currency) for currency, amount in sorted(sums.items()))
            return tag("span", written or draw.NOTHING, title=all_exact(sums) or None)
        if field.kind == "day":
            return draw.format_day(value, self._snapshot.today)
        return draw.NOTHING if value is None else draw.count(value) if field.kind == "count" else str(value)

    def _spends(self, row: int) -> dict[str, int]:
        """The amounts of an opportunity, by currency."""
        columns = self._opportunities
        one = columns["amount"][row]
        return dict(self._snapshot.spends.get(row, ())) if one is None else {columns["currency"][row] or "": one}

    def _amount(self, row: int) -> int | None:
        """The amount of an opportunity in the currency that is shown."""
        if self._currency[:1] == ABOUT:
            found: int | None = self._opportunities["reporting"][row]
            return found
        return self._spends(row).get(self._currency)

    def _all(self) -> Html:
        """Returns the first opportunities; the programs of the page put a table with all of them in its place."""
        table = self._snapshot.tables["opportunities"]
        figure = {
            "title": "All opportunities",
            "table": "opportunities",
            "list": {"columns": self._shown, "rows": FIRST_ROWS},
        }
        more = table.total - min(table.size, FIRST_ROWS)
        return tag(
            "section",
            tag("h2", "All opportunities", id="opportunities-title"),
            tag(
                "div",
                draw.rows_of(figure, table.columns, range(table.size), self._cell),
                tag("p", f"and {more:,} more", class_="note") if more else None,
                id="first",
            ),
            tag("div", id="table"),
            id="opportunities",
            aria_labelledby="opportunities-title",
        )


def text(path: str) -> str:
    """Returns a file that becomes part of the page."""
    return SOURCE_MAP.sub("", (HERE / path).read_text(encoding="utf-8"))
