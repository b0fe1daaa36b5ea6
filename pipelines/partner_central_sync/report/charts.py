"""Charts as SVG in the page: drawn here by Altair, so that the page needs no program to show them.

Colours are names of the page's stylesheet, so charts follow light, dark and print.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from partner_central.public import ConfigurationError

from .html import Html

if TYPE_CHECKING:
    import altair as alt

WIDTH, LABELS, LETTER = 330, 170, 6.2  # pixels; the widest label, and what a letter of it takes
INK, GRID = "var(--ink)", "var(--line)"
EXTRA = (
    'The report draws with packages that are not installed: pip install "partner-central-sync[report]" '
    "(or altair and vl-convert-python)."
)
AMOUNT = "datum.value === 0 ? '0' : datum.label"  # a label of an axis of numbers: SI units, but a plain zero
NAMESPACES = re.compile(r' xmlns(:xlink)?="[^"]*"| width="\d+" height="\d+"(?= viewBox)')


def bars(values: Sequence[tuple[str, float]], summary: str, colour: str = "var(--a)") -> Html:
    """Horizontal bars, one for each label, with their numbers beside them."""
    alt = _altair()
    labels = min(LABELS, LETTER * max(len(label) for label, _ in values))
    data = alt.Data(values=[{"label": label, "value": value, "text": f"{value:,}"} for label, value in values])
    base = alt.Chart(data).encode(
        y=alt.Y(
            "label:N",
            sort=None,
            title=None,
            axis=alt.Axis(labelLimit=labels, labelPadding=6, ticks=False, domain=False),
        ),
        x=alt.X("value:Q", title=None, axis=None, scale=alt.Scale(domainMin=0)),
    )
    chart = base.mark_bar(color=colour, height=16) + base.mark_text(
        align="left", dx=4, color=INK, fontSize=11, clip=False
    ).encode(text="text:N")
    return _svg(chart.properties(width=WIDTH - labels - 50, height=26 * len(values)), summary)


def stacks(
    values: Sequence[tuple[str, str, float]], series: Mapping[str, str], summary: str, unit: str = "opportunities"
) -> Html:
    """Columns, one for each first member, stacked from the series in their order, each with its colour."""
    alt = _altair()
    order = {name: place for place, name in enumerate(series)}
    rows = [{"x": x, "series": name, "value": value, "order": order[name]} for x, name, value in values]
    x_labels = list(dict.fromkeys(x for x, *_ in values))
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(size=min(28, 200 // len(x_labels)))
        .encode(
            x=_along(x_labels),
            y=alt.Y("value:Q", title=unit, stack="zero", axis=_numbers(tickMinStep=1)),
            color=alt.Color(
                "series:N",
                title=None,
                scale=alt.Scale(domain=list(series), range=list(series.values())),
                legend=alt.Legend(orient="top", columns=4, symbolType="square"),
            ),
            order=alt.Order("order:Q"),
        )
    )
    return _svg(chart.properties(width=WIDTH - 50, height=150), summary)


def columns(values: Sequence[tuple[str, float]], summary: str, colour: str = "var(--a)") -> Html:
    """Columns of amounts, one for each label."""
    alt = _altair()
    data = alt.Data(values=[{"x": label, "value": value} for label, value in values])
    chart = (
        alt.Chart(data)
        .mark_bar(color=colour, size=max(3, min(24, 200 // len(values))))
        .encode(
            x=_along(None),
            y=alt.Y("value:Q", title=None, axis=_numbers()),
        )
    )
    return _svg(chart.properties(width=WIDTH - 50, height=110), summary)


def _altair() -> Any:  # noqa: ANN401 - a module
    try:
        import altair as alt
        import vl_convert  # noqa: F401 - what altair draws with
    except ModuleNotFoundError as error:
        raise ConfigurationError(EXTRA) from error
    return alt


def _svg(chart: alt.TopLevelMixin, summary: str) -> Html:
    """The chart as an image with a text for those who do not see it."""
    styled = chart.configure(
        background="transparent",
        padding=2,
        font="sans-serif",
        view={"stroke": None},
        axis={
            "labelColor": INK,
            "titleColor": INK,
            "gridColor": GRID,
            "domainColor": GRID,
            "tickColor": GRID,
            "labelFontSize": 11,
            "titleFontSize": 11,
            "titleFontWeight": "normal",
        },
        legend={"labelColor": INK, "labelFontSize": 11},
    )
    drawn = io.StringIO()
    styled.save(drawn, format="svg")
    opening, _, rest = NAMESPACES.sub("", drawn.getvalue(), count=3).partition(">")
    return Html(f'{opening} role="img" aria-label="{escape(summary)}">{rest}')


def _along(order: Sequence[str] | None) -> Any:  # noqa: ANN401 - altair is imported where it is used
    """Returns the axis below columns: its labels in an order, or as they come, without labels that overlap."""
    alt = _altair()
    axis = alt.Axis(labelAngle=0, ticks=False, labelOverlap="greedy", labelSeparation=6)
    return alt.X("x:N", sort=order, title=None, axis=axis)


def _numbers(**options: float) -> Any:  # noqa: ANN401 - altair is imported where it is used
    """Returns the axis beside columns: few labels, with the units of large numbers."""
    return _altair().Axis(format="~s", tickCount=4, labelExpr=AMOUNT, **options)
