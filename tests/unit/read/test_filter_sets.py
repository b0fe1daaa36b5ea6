"""A set of filters is named by its values, except those that are to be masked."""

from __future__ import annotations

import json

import pytest

from partner_central.public import OPPORTUNITIES
from partner_central.read.filter_sets import cursor_reports, note_values
from partner_central.read.filters import FilterSet
from partner_central.read.state import State

CONCEALED = str.upper


def filters(**options: list[str]) -> FilterSet:
    return FilterSet.of(OPPORTUNITIES.filters, options)


@pytest.mark.parametrize(
    ("options", "conceal", "text"),
    [
        ({}, False, ""),
        ({"life_cycle_stage": ["Launched", "Committed"]}, False, "life_cycle_stage Committed, Launched"),
        ({"identifier": ["O2", "O1"], "life_cycle_stage": ["Qualified"]}, True, None),
        ({"customer_company_name": ["Ada Ltd"]}, False, "customer_company_name Ada Ltd"),
        ({"customer_company_name": ["Ada Ltd"]}, True, "customer_company_name (concealed)"),
    ],
)
def test_a_set_is_named_by_its_values(options: dict[str, list[str]], conceal: bool, text: str | None) -> None:  # noqa: FBT001
    chosen = filters(**options)
    name = chosen.name((lambda value, _: CONCEALED(value)) if conceal else None)
    state = State({}, name).dump()
    note_values(state, name, chosen.known_values(conceal=conceal))
    if conceal:
        assert "Ada Ltd" not in json.dumps(state)
    (report,) = cursor_reports(state)
    assert report.filter_set == name
    digest = name.rpartition("-")[2]
    assert digest not in report.text or not options
    assert set(report.text.split("; ")) == (
        {text} if text is not None else {"identifier O1, O2", "life_cycle_stage Qualified"}
    )


def test_the_values_outlast_runs_of_other_sets_and_of_the_same() -> None:
    one, other = filters(identifier=["O1"]), filters(identifier=["O2"])
    state = State({}, one.name()).dump()
    note_values(state, one.name(), one.known_values(conceal=False))
    for filter_set in (FilterSet(), other, one):
        state = json.loads(json.dumps(State(state, filter_set.name()).dump()))
        note_values(state, filter_set.name(), filter_set.known_values(conceal=False))
    told = {report.filter_set: report.text for report in cursor_reports(state)}
    assert told == {"all": "", one.name(): "identifier O1", other.name(): "identifier O2"}


def test_a_cursor_of_an_earlier_release_is_named_by_its_settings() -> None:
    name = filters(life_cycle_stage=["Launched"], identifier=["O1"]).name()
    (report,) = cursor_reports(State({}, name).dump())
    assert report.text == "life_cycle_stage, identifier (its next sync stores the values)"
