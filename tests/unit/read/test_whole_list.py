"""A list that is read whole: when it is handed on, and what of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from botocore.session import get_session

from partner_central.api.client import PartnerCentral
from partner_central.api.model_extras import SERVICE
from partner_central.api.raw_json import Answer
from partner_central.errors import PaginationError
from partner_central.metrics import SyncMetrics
from partner_central.read.whole_list import WholeListReader
from partner_central.streams.engagement_invitations import ENGAGEMENT_INVITATIONS as STREAM
from partner_central.tables.listed_rows import ListedRows
from partner_central.tables.row_batch import TableRows
from partner_central.tables.rows import RowMaker
from partner_central.tables.service_model import record_model

Record = dict[str, Any]
Lists = Mapping[str, Sequence[Sequence[Record]]]
KEY = "a secret of sixteen"


class Service:
    """Answers from lists of pages, one for each type of participant."""

    def __init__(self, lists: Lists) -> None:
        self.lists = lists
        self.metrics = SyncMetrics()
        self.asked: list[dict[str, Any]] = []
        self.on_page: Callable[[int], None] = lambda _: None

    def call(self, operation: str, request: dict[str, Any], parse: Callable[[Answer], Any]) -> Any:
        assert operation == "ListEngagementInvitations"
        self.asked.append(request)
        self.on_page(len(self.asked))
        pages = self.lists.get(request["ParticipantType"], ())
        number = int(request.get("NextToken", 0))
        answer: dict[str, Any] = {}
        if number < len(pages):
            answer["EngagementInvitationSummaries"] = pages[number]
        if number + 1 < len(pages):
            answer["NextToken"] = str(number + 1)
        return parse(Answer(json.dumps(answer).encode(), None))

    def close(self) -> None:
        """Nothing is open."""


def invitation(number: int, **members: Any) -> Record:
    return {"Id": f"engi-{number}", "Status": "PENDING", "SenderCompanyName": "Amazon", **members}


def read(
    service: Service, state: Mapping[str, Any], *, pii: str = "keep", full: bool = False
) -> tuple[list[TableRows], dict[str, Any]]:
    """The batches of one reading, and the state behind it."""
    model = record_model(
        get_session().get_service_model(SERVICE), STREAM.operation.name, STREAM.operation.records, STREAM.model_rules
    )
    maker = RowMaker(model, STREAM.table_names, STREAM.members)
    policy = STREAM.pii_policy(pii, KEY)
    client = cast("PartnerCentral", service)
    rows = ListedRows(maker, policy)
    reader = WholeListReader(STREAM, "AWS", state, client, maker, rows, policy.identity, full=full)
    return list(reader.batches()), reader.state()


def ids(batches: Sequence[TableRows]) -> list[str]:
    return [row["id"] for batch in batches for row in batch.rows]


def test_every_page_of_every_list_is_handed_on_and_the_same_list_not_again() -> None:
    service = Service({"RECEIVER": [[invitation(1)], [invitation(2)]], "SENDER": [[invitation(3)]]})
    batches, state = read(service, {})
    assert ids(batches) == ["engi-1", "engi-2", "engi-3"]
    assert [batch.first for batch in batches] == [True, False, False]
    assert [request["ParticipantType"] for request in service.asked] == ["RECEIVER", "RECEIVER", "SENDER"]
    assert service.asked[0]["Sort"] == {"SortBy": "InvitationDate", "SortOrder": "ASCENDING"}
    listed = {row["last_listed_at"] for batch in batches for row in batch.rows}
    assert len(listed) == 1
    again, same = read(service, json.loads(json.dumps(state)))
    assert (ids(again), same) == ([], state)


@pytest.mark.parametrize(
    "change",
    [
        {"RECEIVER": [[invitation(1, Status="EXPIRED")]]},
        {"RECEIVER": [[invitation(1), invitation(2)]]},
        {"RECEIVER": []},
        {"RECEIVER": [[invitation(1, Unknown="new")]]},
        {"RECEIVER": [[invitation(9)]]},
    ],
    ids=["a status", "one more", "none", "an unknown member", "another"],
)
def test_any_change_hands_the_whole_list_on(change: Lists) -> None:
    _, state = read(Service({"RECEIVER": [[invitation(1)]]}), {})
    batches, after = read(Service(change), state)
    assert ids(batches) == [record["Id"] for page in change["RECEIVER"] for record in page]
    assert after["list"] != state["list"]


def test_a_listing_is_told_by_the_clock_of_the_service_and_never_goes_back() -> None:
    service = Service({"RECEIVER": [[invitation(1)]]})
    served = datetime(2026, 6, 10, 12, tzinfo=UTC)
    service.metrics = SyncMetrics(clock=lambda: 0.0)
    service.metrics.record_answer(served)
    batches, state = read(service, {})
    assert batches[0].rows[0]["last_listed_at"] == served
    for earlier in (served - timedelta(days=2), served):
        service.metrics.record_answer(earlier)
        batches, state = read(service, state, full=True)
        served += timedelta(milliseconds=1)
        assert batches[0].rows[0]["last_listed_at"] == served
    del state["listed_at"]  # as an earlier commit left it
    assert read(service, state, full=True)[0][0].rows[0]["last_listed_at"] > served


def test_the_order_of_records_is_no_change() -> None:
    _, state = read(Service({"RECEIVER": [[invitation(1), invitation(2)]]}), {})
    batches, after = read(Service({"RECEIVER": [[invitation(2)], [invitation(1)]]}), state)
    assert (batches, after) == ([], state)


def test_a_full_run_or_another_treatment_of_personal_data_hands_it_on() -> None:
    service = Service({"RECEIVER": [[invitation(1)]]})
    _, state = read(service, {})
    assert ids(read(service, state, full=True)[0]) == ["engi-1"]
    masked, after = read(service, state, pii="mask")
    assert masked[0].rows[0]["sender_company_name"] not in {None, "Amazon"}
    assert "Amazon" not in json.dumps(after)


def test_a_record_that_was_passed_over_while_others_moved_up_is_not_gone() -> None:
    pages = [[invitation(1), invitation(2)], [invitation(3)]]
    _, state = read(Service({"RECEIVER": pages}), {})
    service = Service({"RECEIVER": pages})

    def one_leaves(call: int) -> None:
        """Number 1 leaves between the pages, so 3 moves to the first, which was read."""
        service.lists = {"RECEIVER": [[invitation(2), invitation(3)], []] if call > 1 else pages}

    service.on_page = one_leaves
    batches, after = read(service, state)
    assert (batches, after) == ([], state), "number 3 is not taken for gone"
    batches, after = read(service, after)
    assert ids(batches)[-2:] == ["engi-2", "engi-3"], "nothing moves any more"
    assert after["list"]["records"] == 2


def test_a_record_that_cannot_be_a_row_is_rejected_and_the_rest_is_handed_on() -> None:
    service = Service({"RECEIVER": [[invitation(1, InvitationDate="soon"), invitation(2), {"Status": "PENDING"}]]})
    batches, _ = read(service, {})
    assert ids(batches) == ["engi-2"]
    assert [(row["id"], row["reason"]) for row in batches[0].rejected] == [
        ("engi-1", "InvitationDate is not a timestamp"),
        (None, "Id is missing"),
    ]


def test_a_list_that_cannot_be_read_to_its_end_hands_nothing_on() -> None:
    service = Service({"RECEIVER": [[invitation(1)], [invitation(2)]]})

    def same_token(call: int) -> None:
        if call == 2:
            raise PaginationError("the same token")

    service.on_page = same_token
    model_state: dict[str, Any] = {}
    with pytest.raises(PaginationError):
        read(service, model_state)
    assert service.metrics.pages == 0


def test_the_newest_of_two_rows_of_a_record_in_one_listing_has_the_greatest_id() -> None:
    model = record_model(
        get_session().get_service_model(SERVICE), STREAM.operation.name, STREAM.operation.records, STREAM.model_rules
    )
    maker = RowMaker(model, STREAM.table_names, STREAM.members)
    made = ListedRows(maker, STREAM.pii_policy("keep", KEY), modified="invitation_date")
    dates = "2026-06-02T09:00:00Z", "2026-06-01T09:00:00Z"
    batch = made.batch([invitation(1, InvitationDate=date) for date in dates], datetime(2026, 6, 10, tzinfo=UTC))
    newer, older = batch.rows
    assert newer["_dlt_id"] > older["_dlt_id"]
