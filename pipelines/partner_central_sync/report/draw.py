"""Draws figures as HTML: tiles, bars and columns, with their numbers as text. `app/draw.js` draws the same."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from statistics import median
from typing import Any

from .currency import ABOUT, all_exact, exact, short
from .evaluate import Entry, Group
from .fields import TABLES, Field
from .figures import Figure
from .html import Html, tag

NOTHING = "\N{EN DASH}"
COLOURS = {"won": "b", "lost": "c", "forward": "a", "other": "d", "the quarter before": "e"}
EMPTY = Group([0, 0], [{}, {}])
LIST_ROWS = 5
STEPS = (4, 5, 6, 8, 10, 12, 15, 16, 20, 25, 30)


def format_day(day: int | None, today: date) -> str:
    """A day as a date."""
    return NOTHING if day is None else f"{today + timedelta(day)}"


def count(number: float) -> str:
    """A number of things, or a median of numbers."""
    return f"{number:,}" if isinstance(number, int) else f"{number:,.1f}".removesuffix(".0")


def amount(sums: Mapping[str, int], currency: str) -> Html:
    """The sum in a currency, short, with the exact sums of all currencies to hover over."""
    text = short(sums[currency], currency) if currency in sums else NOTHING
    return tag("span", text, title=all_exact(sums) or None)


def tile(
    figure: Figure,
    entries: Sequence[Entry],
    currency: str,
    rated: Collection[str],
    rows: Html | None = None,
    found: int = 0,
) -> Html:
    """A number with its amount, and the first opportunities that it counts.

    Args:
        figure: its definition.
        entries: what it counts.
        currency: of the amount.
        rated: the currencies whose amounts are in it, if it is the reporting currency.
        rows: the first opportunities.
        found: how many of them the page has.
    """
    group = entries[0].group if entries else EMPTY
    if "empty" in figure and not group.counts[0]:
        said = tag("p", figure["empty"], class_="note")
        return tag("div", tag("h3", figure["title"]), said, class_="tile none", data_figure=figure["name"])
    number = count(group.counts[0])
    if "share" in figure:
        number = (
            f"{(200 * group.counts[1] + group.counts[0]) // (2 * group.counts[0])}%" if group.counts[0] else NOTHING
        )
    sums = None
    if figure["table"] == "opportunities" and "share" not in figure and group.counts[0]:
        covered = rated if currency[:1] == ABOUT else {currency}
        others = sum(code[:1] != ABOUT and code not in covered for code in group.sums[0])
        word = "currency" if others == 1 else "currencies"
        rest = f"{word} without a rate" if covered is rated else f"more {word}"
        more = f" and {others} {rest}" if others else None
        sums = tag(
            "p",
            amount(group.sums[0], currency),
            " a month" if currency in group.sums[0] else None,
            tag("small", more),
            class_="sum",
        )
    part = f"{count(group.counts[1])} {figure['part'][0]}" if "part" in figure and group.counts[0] else None
    return tag(
        "div",
        tag("h3", figure["title"]),
        tag("p", number, tag("span", part, class_="part") if part else None, class_="number"),
        sums,
        tag("p", figure["note"], class_="note") if "note" in figure else None,
        rows,
        _rest_of(figure, group.counts[0], found) if rows else None,
        class_="tile",
        data_figure=figure["name"],
    )


def bars(figure: Figure, entries: Sequence[Entry], currency: str) -> Html:
    """Horizontal bars in a table, with the numbers beside them."""
    shown, rest = entries[: figure["top"]], entries[figure["top"] :]
    medians = {id(one): median(one.group.values) for one in entries} if "median" in figure else {}
    lengths = [medians.get(id(one), one.group.counts[0]) for one in entries]
    longest = max(lengths, default=0) or 1
    has_sums = figure["table"] == "opportunities"

    def own(entry: Entry) -> str:
        return entry.key or "" if figure["by"]["field"] == "currency" else currency

    lines = [
        tag(
            "tr",
            tag("th", one.label, scope="row", dir="auto"),
            tag("td", tag("i", style=f"width:{_percent(length, longest)}%") if length else None, class_="bar"),
            tag("td", count(length), class_="n"),
            tag("td", amount(one.group.sums[0], own(one)), class_="n") if has_sums else None,
            tag("td", _stays(one.group.counts[0]), class_="n") if medians else None,
        )
        for one, length in zip(shown, lengths, strict=False)
    ]
    others = sum(one.group.counts[0] for one in rest)
    return tag(
        "figure",
        tag("h3", figure["title"]),
        tag("table", tag("tbody", *lines), aria_label=figure["title"])
        if lines
        else tag("p", figure.get("empty", "None.")),
        tag("p", f"and {len(rest):,} more, with {others:,}", class_="note") if rest else None,
        tag("figcaption", figure["note"]) if "note" in figure else None,
        data_figure=figure["name"],
    )


def columns(figure: Figure, entries: Sequence[Entry], currency: str) -> Html:
    """Columns along time, each with its numbers; the axis beside them has evenly spaced labels."""
    series = figure["series"]
    money = figure["value"] == "amount"
    values = [
        [one.group.sums[n].get(currency, 0) if money else one.group.counts[n] for n in range(len(series))]
        for one in entries
    ]
    highest = max((max(row) if figure.get("beside") else sum(row) for row in values), default=0)
    if "empty" in figure and not highest:
        return tag("figure", tag("h3", figure["title"]), tag("p", figure["empty"]), data_figure=figure["name"])
    top = nice(highest)
    text = (lambda value: short(value, currency)) if money else count
    whole = (lambda value: exact(value, currency)) if money else count
    items = []
    for one, row in zip(entries, values, strict=True):
        said = "; ".join(f"{each['name']} {whole(value)}".strip() for each, value in zip(series, row, strict=True))
        parts = [
            tag("i", class_=COLOURS.get(each["name"], "a"), style=f"height:{_percent(value, top)}%")
            for each, value in zip(series, row, strict=True)
        ]
        items.append(
            tag(
                "li",
                tag("span", *parts, class_="beside" if figure.get("beside") else "stack", title=f"{one.label}: {said}"),
                tag("span", one.label, class_="label"),
                tag("span", said, class_="said"),
            )
        )
    if figure.get("alone"):
        alone = text(values[-1][0]) if values else NOTHING
        return tag(
            "figure",
            tag("h3", figure["title"], f", {currency}" if money and currency else None),
            tag("p", alone, class_="number", title=whole(values[-1][0]) if values else None),
            tag("figcaption", figure["note"]),
            data_figure=figure["name"],
        )
    legend = [tag("li", tag("i", class_=COLOURS.get(one["name"], "a")), one["name"]) for one in series if one["name"]]
    ticks = [tag("li", text(top * step // 4).replace(".0", "")) for step in (4, 2, 0)]
    return tag(
        "figure",
        tag("h3", figure["title"], f", {currency}" if money and currency else None),
        tag("ul", *legend, class_="legend") if legend else None,
        tag("div", tag("ul", *ticks, class_="ticks", aria_hidden="true"), tag("ol", *items), class_="chart"),
        tag("figcaption", figure["note"]) if "note" in figure else None,
        data_figure=figure["name"],
    )


def nice(highest: int) -> int:
    """The end of an axis: at least this high, round, and even, so that its middle is a whole number."""
    power = 1
    while True:
        for step in STEPS:
            if step * power >= highest and step * power % 2 == 0:
                return step * power
        power *= 10


def rows_of(figure: Figure, table: Mapping[str, Sequence[Any]], rows: Sequence[int], cell: Any) -> Html | None:  # noqa: ANN401
    """The first rows that a tile counts."""
    fields = {field.name: field for field in TABLES[figure["table"]]}
    shown = figure["list"]["columns"]
    heads = [tag("th", fields[name].label, scope="col", class_=align(fields[name])) for name in shown]
    body = [
        tag(
            "tr",
            *(
                tag("td", cell(field, table, row), class_=align(field), dir="auto", data_label=field.label)
                for field in (fields[name] for name in shown)
            ),
        )
        for row in rows[: figure["list"].get("rows", LIST_ROWS)]
    ]
    if not body:
        return None
    table_ = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *body), aria_label=figure["title"])
    return tag("div", table_, class_="list", tabindex=0, role="region", aria_label=f"{figure['title']}, to scroll")


def _rest_of(figure: Figure, counted: int, found: int) -> Html | None:
    """The number of rows that a tile counts and its list leaves out."""
    more = counted - min(found, figure["list"].get("rows", LIST_ROWS))
    return tag("p", f"and {more:,} more", class_="note") if more > 0 else None


def align(field: Field) -> str | None:
    """The class of a cell: numbers are aligned at their end."""
    if field.kind == "text":
        return "wide"
    return "n" if field.kind in {"money", "count"} else "date" if field.kind == "day" else None


def _stays(number: int) -> str:
    return f"{count(number)} {'stay' if number == 1 else 'stays'}"


def _percent(value: float, whole: float) -> float:
    return round(int(1000 * value / whole) / 10, 1) if isinstance(value, float) else (1000 * value // whole) / 10
