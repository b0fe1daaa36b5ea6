"""Masks: of a column, of the form that a dataset has, and of members in lists."""

from __future__ import annotations

from typing import Any

import pytest

from opportunity import filter_set
from partner_central.errors import ConfigurationError
from partner_central.public import (
    OPPORTUNITIES,
    OPPORTUNITY_SEARCH_SUMMARIES,
    STREAMS,
    forget_masks,
    without_values,
)
from partner_central.read.masks import form_of_masks, rename_filter_set
from partner_central.tables.personal_members import personal_column
from partner_central.tables.pii import FIRST_FORM, FORM, MASKED, PiiPolicy

KEY = "a secret of at least 16 characters"
SECRET = "Unmistakable Ltd"
RECORD: dict[str, Any] = {
    "Customer": {"Account": {"CompanyName": SECRET, "OtherIndustry": SECRET, "Address": {"City": SECRET}}},
    "Project": {"ExpectedCustomerSpend": [{"Amount": "1", "EstimationUrl": SECRET}, "odd"]},
}
FILTERS = OPPORTUNITIES.filters


def policy(mode: str = "mask", form: int = FORM, key: str | None = KEY) -> PiiPolicy:
    return OPPORTUNITIES.pii_policy(mode, key, form)


def masks_of(record: Any) -> list[str]:
    account = record["Customer"]["Account"]
    return [account["CompanyName"], account["OtherIndustry"], account["Address"]["City"]]


def test_masks_of_one_value_differ_between_columns_and_are_equal_within_one() -> None:
    masks = masks_of(policy().record(RECORD))
    assert len({*masks}) == len(masks)
    assert masks == masks_of(policy().record(RECORD))
    assert all(MASKED.fullmatch(mask) and len(mask) == 32 for mask in masks)


def test_members_in_lists_are_masked_and_dropped() -> None:
    for mode, expected in (("mask", "m"), ("drop", "N")):
        spend = policy(mode).record(RECORD)["Project"]["ExpectedCustomerSpend"]  # type: ignore[index]
        assert (spend[0]["Amount"], spend[1]) == ("1", "odd")
        assert str(spend[0]["EstimationUrl"])[0] == expected
    assert SECRET in str(RECORD), "the record given stays as it is"


@pytest.mark.parametrize("mode", ["mask", "drop"])
def test_what_nobody_knows_of_a_person_is_one_mask_of_its_column(mode: str) -> None:
    team = [{"FirstName": SECRET, "Nick": SECRET, "": SECRET, "Deep": {"Er": [SECRET]}, "Number": 12, "None": None}]
    search = OPPORTUNITY_SEARCH_SUMMARIES.pii_policy(mode, KEY)
    (found,) = search.record({"OpportunityTeam": team, "Unknown": 1})["OpportunityTeam"]  # type: ignore[index]
    kept = {name: value for name, value in found.items() if value}
    assert [*kept] == ([] if mode == "drop" else ["FirstName", "Nick", "", "Deep", "Number"])
    assert all(MASKED.fullmatch(value) for value in kept.values())
    assert len({*kept.values()}) == len(kept), "one for each column"
    engagements = next(one for one in STREAMS if one.table == "engagements")
    lead = {"New": SECRET, "Customer": {"New": [SECRET], "Address": {"New": SECRET}}, "Interactions": [{"New": SECRET}]}
    record: Any = {"Contexts": [{"Payload": {"Lead": lead}}], "New": SECRET}
    stored = engagements.pii_policy(mode, KEY).record(record)
    assert SECRET not in str(stored)
    for payload in ({"NewKind": {"Deep": [{"Er": SECRET}]}}, {"NewText": SECRET}, {"NewList": [SECRET, 1]}):
        (context,) = engagements.pii_policy(mode, KEY).record({"Contexts": [{"Payload": payload}]})["Contexts"]  # type: ignore[index]
        ((name, value),) = context["Payload"].items()
        assert (name in payload, MASKED.fullmatch(str(value)) is not None) == (True, mode == "mask")
        assert (not value) == (mode == "drop")
    project = {"CustomerProject": {"Project": {"TargetCompletionDate": "2026-12-01"}}}
    record = {"Contexts": [{"Payload": project}], "MemberCount": 2}
    assert engagements.pii_policy(mode, KEY).record(record) == record, "known kinds are classified by their members"
    assert engagements.pii_policy("keep", None).record(record) is record


def test_a_mask_of_the_first_form_becomes_what_the_value_itself_would_become() -> None:
    before, now = policy(form=FIRST_FORM), policy()
    for path in OPPORTUNITIES.personal:
        column = personal_column(path)
        first = before._mask(SECRET, column)
        assert now.value(first, column) == now.value(SECRET, column) == now._mask(SECRET, column)
        assert now.value(now.value(first, column), column) == now.value(first, column), "done again, it stays"


def test_the_first_form_masks_as_the_first_release_did() -> None:
    import hashlib
    import hmac

    record: Any = policy(form=FIRST_FORM).record(RECORD)
    expected = hmac.new(KEY.encode(), SECRET.encode(), hashlib.sha256).hexdigest()[:32]
    assert masks_of(record) == [expected, SECRET, expected]
    assert record["Project"] == RECORD["Project"]
    assert policy(form=FIRST_FORM).identity.count(" ") == 1, "an interrupted load of the first release continues"


def test_a_rejected_record_that_is_a_hash_stays_one() -> None:
    first, _ = policy(form=FIRST_FORM).rejection('{"Id": "O1"}', "O1")
    again, key = policy().rejection(first, "O1")
    assert (MASKED.fullmatch(again) is not None, key) == (True, "O1")
    assert policy().rejection(again, "O1") == (again, "O1")
    assert policy("drop").rejection(first, "O1") == (first, "O1")


@pytest.mark.parametrize(
    ("state", "mode", "expected"),
    [
        ({}, "mask", FORM),
        ({"cursors": {"all": {}}}, "mask", FIRST_FORM),
        ({"cursors": {"all": {}}}, "keep", FORM),
        ({"cursors": {"all": {}}, "masks": FORM}, "mask", FORM),
    ],
    ids=["new", "masked by an earlier release", "kept in clear", "known"],
)
def test_only_a_dataset_that_an_earlier_release_masked_keeps_the_first_form(
    state: dict[str, Any], mode: str, expected: int
) -> None:
    assert form_of_masks(state, keeps=mode == "keep") == expected
    assert state.get("masks", FIRST_FORM) == expected
    assert form_of_masks(state, keeps=False) == expected


def test_filters_by_a_customer_have_no_name_without_a_key_where_personal_data_is_dropped() -> None:
    filters = filter_set(customer_company_name=(SECRET,))
    with pytest.raises(ConfigurationError, match=r"customer_company_name need pii_key"):
        filters.name(policy("drop", key=None).in_state)
    assert filter_set(life_cycle_stage=("Launched",)).name(policy("drop", key=None).in_state)
    assert filters.name(policy("drop").in_state) != filters.name(policy("drop", key=KEY[::-1]).in_state)


@pytest.mark.parametrize("mode", ["mask", "drop"])
def test_a_cursor_keeps_its_place_under_its_new_name_and_the_old_one_is_gone(mode: str) -> None:
    filters = filter_set(customer_company_name=(SECRET,), life_cycle_stage=("Launched",))
    conceal = policy(mode).in_state
    for former in filters.former_names(conceal):
        state = {"cursors": {former: {"watermark": "w"}, "all": {}}}
        rename_filter_set(state, filters.former_names(conceal), filters.name(conceal))
        assert state["cursors"] == {"all": {}, filters.name(conceal): {"watermark": "w"}}


def test_names_that_tell_a_customer_are_taken_back_and_others_stay() -> None:
    clear, stage = filter_set(customer_company_name=(SECRET,)).name(), filter_set(life_cycle_stage=("x",)).name()
    keyed = filter_set(customer_company_name=(SECRET,)).name(policy().in_state)
    assert [without_values(name, FILTERS) for name in ("all", stage, keyed)] == ["all", stage, keyed]
    assert without_values(clear, FILTERS) == "customer_company_name"
    state = {"cursors": {name: {} for name in ("all", clear, stage, keyed)}}
    assert forget_masks(state, FILTERS)
    assert state == {"cursors": {"all": {}, stage: {}, keyed: {}}, "masks": FORM}
    assert not forget_masks(state, FILTERS), "and then there is nothing to store"
