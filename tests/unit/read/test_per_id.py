"""Records that are read one id at a time: what is handed on, in which order, and what came of each id."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from partner_central.api.client import PartnerCentral
from partner_central.api.model_extras import service_model
from partner_central.api.raw_json import Answer
from partner_central.errors import (
    CallBudgetExhausted,
    PartnerCentralError,
    RecordNotFound,
    RequestRejected,
    ServiceUnavailable,
)
from partner_central.metrics import SyncMetrics
from partner_central.per_id_stream import PerIdStream
from partner_central.read.id_answers import OTHER_RECORD
from partner_central.read.per_id import READS_PER_BATCH, PerIdReader
from partner_central.resources.columns import stream_model
from partner_central.streams.aws_opportunity_summaries import AWS_OPPORTUNITY_SUMMARIES as SUMMARIES
from partner_central.streams.engagement_members import ENGAGEMENT_MEMBERS as MEMBERS
from partner_central.streams.opportunity_details import OPPORTUNITY_DETAILS as DETAILS
from partner_central.tables.id_reads import DueId, unique
from partner_central.tables.listed_rows import ListedRows
from partner_central.tables.row_batch import TableRows
from partner_central.tables.rows import RowMaker

SERVED_AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
MODIFIED = datetime(2026, 4, 1, tzinfo=UTC)
Answers = Mapping[str, Any]


class Service:
    """Answers by id: with a record, a list of pages, or an error that it raises."""

    def __init__(self, answers: Answers, side_by_side: int = 1) -> None:
        self.answers, self.side_by_side = answers, side_by_side
        self.metrics = SyncMetrics()
        self.metrics.begin_stream("any")
        self.asked: list[str] = []
        self.wait: Callable[[str], None] = lambda _: None
        self.is_closed = False

    def call(self, operation: str, request: Mapping[str, Any], parse: Callable[[Answer], Any]) -> Any:
        key = request.get("Identifier") or request["RelatedOpportunityIdentifier"]
        assert operation in {one.operation.name for one in (DETAILS, SUMMARIES, MEMBERS)}
        self.asked.append(key)
        self.wait(key)
        answer = self.answers[key]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, list):
            number = int(request.get("NextToken", 0))
            more = {"NextToken": str(number + 1)} if number + 1 < len(answer) else {}
            answer = {"EngagementMemberList": answer[number], **more}
        self.metrics.served_at = SERVED_AT
        return parse(Answer(json.dumps(answer).encode(), SERVED_AT))

    def concurrency(self) -> int:
        return self.side_by_side

    def close(self) -> None:
        self.is_closed = True


def opportunity(key: str, **members: Any) -> dict[str, Any]:
    dates = {"CreatedDate": "2026-01-01T00:00:00Z", "LastModifiedDate": "2026-04-01T00:00:00Z"}
    return {"Id": key, "Catalog": "AWS", **dates, **members}


def summary(key: str, score: str) -> dict[str, Any]:
    return {"RelatedOpportunityId": key, "Catalog": "AWS", "Insights": {"EngagementScore": score}}


def reader_of(
    service: Service, due: Iterable[DueId | str], stream: PerIdStream = DETAILS, newest: int = 0, **options: Any
) -> PerIdReader:
    maker = RowMaker(stream_model(stream, service_model()), stream.table_names, stream.members)
    ids = (one if isinstance(one, DueId) else DueId(one, MODIFIED) for one in due)
    rows = ListedRows(maker, stream.pii_policy("keep", None), in_rows=False)
    client = cast("PartnerCentral", service)
    state = options.get("state", {})
    return PerIdReader(stream, "AWS", state, client, maker, rows, unique(ids), lambda: newest, 7)


def read(service: Service, due: Iterable[DueId | str], stream: PerIdStream = DETAILS, newest: int = 0) -> TableRows:
    """Everything that was handed on."""
    found = TableRows()
    collect(found, reader_of(service, due, stream, newest).batches())
    return found


def collect(found: TableRows, batches: Iterable[TableRows]) -> None:
    for batch in batches:
        found.add(batch)


def read_until(service: Service, due: Iterable[DueId | str], error: type[PartnerCentralError]) -> TableRows:
    """What was handed on before an error."""
    found, batches = TableRows(), reader_of(service, due).batches()
    with pytest.raises(error):
        collect(found, batches)
    assert service.is_closed
    return found


def outcomes(found: TableRows) -> dict[str, str]:
    return {row["id"]: row["outcome"] for row in found.listed}


def ids(found: TableRows) -> list[str]:
    return [row["id"] for row in found.rows]


def test_the_order_of_the_ids_is_kept_when_later_calls_answer_first() -> None:
    names = [f"O{number}" for number in range(4)]
    service = Service({name: opportunity(name) for name in names}, side_by_side=4)
    last = threading.Event()

    def wait(key: str) -> None:
        last.set() if key == "O3" else last.wait(60)

    service.wait = wait
    found = read(service, names)
    assert ids(found) == names
    assert [row["id"] for row in found.listed] == names
    assert {(row["read_at"], row["read_for"], row["reading"]) for row in found.listed} == {(SERVED_AT, MODIFIED, 7)}


def test_a_row_says_when_it_was_read_and_for_the_newest_change() -> None:
    later = datetime(2026, 4, 2, tzinfo=UTC)
    found = read(Service({"O1": opportunity("O1", LastModifiedDate="2026-04-02T00:00:00Z")}), ["O1"])
    assert [(row["read_at"], row["read_for"]) for row in (*found.rows, *found.listed)] == [(SERVED_AT, later)] * 2


def test_many_ids_are_handed_on_in_parts() -> None:
    names = [f"O{number}" for number in range(2 * READS_PER_BATCH + 1)]
    service = Service({name: opportunity(name) for name in names})
    batches = list(reader_of(service, names).batches())
    assert [len(batch.listed) for batch in batches] == [READS_PER_BATCH, READS_PER_BATCH, 1]
    assert [batch.first for batch in batches] == [True, False, False]
    assert service.metrics.current.complete


def test_without_an_id_the_tables_are_made_all_the_same() -> None:
    service = Service({})
    (batch,) = reader_of(service, []).batches()
    assert batch.first
    assert service.asked == []


def test_a_failure_in_the_middle_hands_on_what_was_read_and_asks_no_more() -> None:
    names = [f"O{number}" for number in range(9)]
    answers = {name: opportunity(name) for name in names} | {"O2": ServiceUnavailable("down")}
    service = Service(answers)
    assert ids(read_until(service, names, ServiceUnavailable)) == ["O0", "O1"]
    assert service.asked == ["O0", "O1", "O2"]
    assert not service.metrics.current.complete


def test_what_was_asked_beside_a_call_that_fails_is_kept() -> None:
    names = [f"O{number}" for number in range(9)]
    answers = {name: opportunity(name) for name in names} | {"O1": ServiceUnavailable("down")}
    service = Service(answers, side_by_side=4)
    all_asked = threading.Barrier(4, timeout=60)
    service.wait = lambda key: void(all_asked.wait()) if key in names[:4] else None
    found = read_until(service, names, ServiceUnavailable)
    assert ids(found) == [key for key in names if key in service.asked and key != "O1"]
    assert {"O0", "O2", "O3"} <= {*ids(found)}


def void(_: object) -> None:
    """Nothing."""


def test_a_spent_budget_ends_the_reading_with_a_note_and_no_error() -> None:
    service = Service({"O1": opportunity("O1"), "O2": CallBudgetExhausted("No call is left."), "O3": opportunity("O3")})
    assert ids(read(service, ["O1", "O2", "O3"])) == ["O1"]
    assert [*service.metrics.notes] == ["opportunity_details is not read to its end. No call is left."]
    assert service.metrics.current.complete is False


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (RecordNotFound("There is no O2."), "not found", "RecordNotFound"),
        (RequestRejected("AWS refuses O2.", "ACCESS_DENIED"), "refused", "ACCESS_DENIED"),
    ],
)
def test_an_id_that_is_refused_is_told_and_the_others_are_read(
    error: RequestRejected, outcome: str, reason: str
) -> None:
    service = Service({"O1": error, "O2": opportunity("O2"), "O3": opportunity("O3")})
    found = read(service, ["O1", "O2", "O3"])
    assert ids(found) == ["O2", "O3"]
    assert outcomes(found) == {"O1": outcome, "O2": "read", "O3": "read"}
    told = found.listed[0]
    assert (told["reason"], told["read_for"]) == (reason, MODIFIED)


def denied(*names: str, of_all: bool = False) -> dict[str, RequestRejected]:
    return dict.fromkeys(names, RequestRejected("AWS denies it.", of_all=of_all))


TEN = [f"O{number}" for number in range(10)]


def test_ids_elsewhere_are_tried_when_the_first_ones_are_refused() -> None:
    service = Service({name: opportunity(name) for name in TEN} | denied(*TEN[:5]))
    found = read(service, TEN)
    assert sorted(ids(found)) == TEN[5:]
    assert sorted(service.asked) == TEN
    assert {key for key, outcome in outcomes(found).items() if outcome == "refused"} == {*TEN[:5]}


def test_where_each_is_refused_some_are_told_and_the_rest_wait_for_another_run() -> None:
    service = Service(denied(*TEN))
    reader, found = reader_of(service, TEN), TableRows()
    with pytest.raises(RequestRejected, match="AWS refused each of the 7 ids of opportunity_details"):
        collect(found, reader.batches())
    assert outcomes(found) == dict.fromkeys(service.asked, "refused")
    left = [name for name in TEN if name not in service.asked]
    again = read_until(Service(denied(*TEN)), left, RequestRejected)
    assert [*outcomes(again)] == left, "which are others"


def test_a_refusal_is_of_its_id_where_ids_were_read_before() -> None:
    first = reader_of(Service({"O1": RecordNotFound("none")}), ["O1"])
    list(first.batches())
    assert first.state()["answered"]
    found = TableRows()
    service = Service({name: opportunity(name) for name in TEN} | denied(*TEN[:9]))
    collect(found, reader_of(service, TEN, state=first.state()).batches())
    assert (service.asked, ids(found)) == (TEN, TEN[9:])
    collect(TableRows(), reader_of(Service(denied(*TEN)), TEN, state=first.state()).batches())


def test_a_permission_that_was_lost_costs_few_calls_and_stores_no_refusal() -> None:
    service, found = Service(denied(*TEN, of_all=True)), TableRows()
    with pytest.raises(RequestRejected, match=r"^AWS denies it\.$"):
        collect(found, reader_of(service, TEN, state={"answered": True}).batches())
    assert (len(service.asked), found.listed) == (7, [])


def test_refusals_before_the_calls_are_spent_are_told() -> None:
    service = Service(denied("O0", "O1") | {"O2": CallBudgetExhausted("No call is left.")})
    assert outcomes(read(service, TEN)) == {"O0": "refused", "O1": "refused"}


def test_an_answer_from_an_older_copy_is_read_for_the_change_that_it_has() -> None:
    older = datetime(2026, 3, 1, tzinfo=UTC)
    found = read(Service({"O1": opportunity("O1", LastModifiedDate="2026-03-01T00:00:00Z")}), ["O1"])
    assert [row["read_for"] for row in (*found.rows, *found.listed)] == [older] * 2


@pytest.mark.parametrize(
    ("copy", "listed", "is_the_same"),
    [("00", "00.567", True), ("00.560", "00.567", True), ("00.567", "00.567891", True), ("00.566", "00.567", False)],
)
def test_a_date_with_fewer_digits_of_the_second_is_that_of_no_older_copy(
    copy: str, listed: str, *, is_the_same: bool
) -> None:
    of_copy, of_list = (datetime.fromisoformat(f"2026-04-01T00:00:{seconds}+00:00") for seconds in (copy, listed))
    service = Service({"O1": opportunity("O1", LastModifiedDate=of_copy.isoformat())})
    found = read(service, [DueId("O1", of_list)])
    assert [row["read_for"] for row in (*found.rows, *found.listed)] == [of_list if is_the_same else of_copy] * 2


@pytest.mark.parametrize(("minutes", "is_read"), [(1, False), (59, False), (60, True)])
def test_what_is_not_found_right_after_its_change_is_not_read_for_it(minutes: int, *, is_read: bool) -> None:
    service, changed = Service({"O1": RecordNotFound("none")}), SERVED_AT - timedelta(minutes=minutes)
    service.metrics.served_at = SERVED_AT
    (told,) = read(service, [DueId("O1", changed)]).listed
    assert (told["outcome"], told["read_for"]) == ("not found", changed if is_read else None)


def test_refusals_after_an_answer_are_of_the_ids() -> None:
    names = ["O1", "O2", "O3", "O4", "O5"]
    service = Service({"O1": RecordNotFound("none"), **dict.fromkeys(names[1:], RequestRejected("AWS denies it."))})
    assert [*outcomes(read(service, names)).values()] == ["not found", *["refused"] * 4]


def test_a_denied_operation_is_one_also_where_few_ids_are_due() -> None:
    found = read_until(Service(denied("O1", "O2", of_all=True)), ["O1", "O2"], RequestRejected)
    assert found.listed == []
    assert outcomes(read(Service(denied("O1")), ["O1"])) == {"O1": "refused"}


def test_an_answer_of_another_id_is_stored_under_neither() -> None:
    found = read(Service({"O1": opportunity("O9"), "O2": opportunity("O2")}), ["O1", "O2"])
    assert ids(found) == ["O2"]
    assert outcomes(found) == {"O1": "refused", "O2": "read"}
    assert found.listed[0]["reason"] == OTHER_RECORD


def test_an_answer_whose_id_is_null_or_missing_is_of_the_id_that_was_asked_for() -> None:
    without = opportunity("O2")
    del without["Id"]
    found = read(Service({"O1": opportunity("O1", Id=None), "O2": without}), ["O1", "O2"])
    assert ids(found) == ["O1", "O2"]
    assert {*outcomes(found).values()} == {"read"}


@pytest.mark.parametrize(
    "record", [opportunity("O1", LastModifiedDate="soon"), opportunity("O1", Project="none"), {"Id": "O1"}]
)
def test_a_record_that_cannot_be_a_row_is_kept_aside_and_told(record: dict[str, Any]) -> None:
    found = read(Service({"O1": record, "O2": opportunity("O2")}), ["O1", "O2"])
    assert ids(found) == ["O2"]
    assert [row["id"] for row in found.rejected] == ["O1"]
    assert outcomes(found) == {"O1": "rejected", "O2": "read"}


def test_a_version_is_made_only_of_what_is_not_the_newest_one() -> None:
    service = Service({"O1": summary("O1", "High"), "O2": summary("O2", "Low")})
    first = read(service, ["O1", "O2"], SUMMARIES, newest=40)
    assert [(row["id"], row["read_order"]) for row in first.versions] == [("O1", 41), ("O2", 42)]
    known = {row["id"]: row["content_hash"] for row in first.versions}
    due = [DueId(key, MODIFIED, known[key]) for key in known]
    assert read(service, due, SUMMARIES).versions == []
    service.answers = {"O1": summary("O1", "Medium"), "O2": summary("O2", "Low")}
    again = read(service, due, SUMMARIES, newest=42)
    assert [(row["id"], row["read_order"]) for row in again.versions] == [("O1", 43)]


def test_the_order_of_versions_goes_on_where_the_destination_is_not_asked() -> None:
    reader = reader_of(Service({"O1": summary("O1", "High")}), ["O1"], SUMMARIES)
    list(reader.batches())
    assert reader.state()["order"] == 1
    again = reader_of(Service({"O1": summary("O1", "Low")}), ["O1"], SUMMARIES, state=reader.state())
    assert [row["read_order"] for batch in again.batches() for row in batch.versions] == [2]
    assert (again.state()["order"], again.state()["reads"]) == (2, 2)


def test_members_are_read_over_all_pages_and_are_of_the_engagement_asked_for() -> None:
    pages = [[{"AccountId": "1"}, {"AccountId": "2"}], [{"AccountId": "3"}]]
    service = Service({"E1": pages, "E2": [[]]})
    found = read(service, ["E1", "E2"], MEMBERS)
    assert service.asked == ["E1", "E1", "E2"]
    assert [(row["id"], row["engagement_id"]) for row in found.rows] == [(f"E1/{one}", "E1") for one in "123"]
    assert outcomes(found) == {"E1": "read", "E2": "read"}


def test_an_id_that_is_given_twice_is_asked_once() -> None:
    service = Service({"O1": opportunity("O1")})
    assert ids(read(service, ["O1", "O1"])) == ["O1"]
    assert service.asked == ["O1"]


def test_a_reading_that_is_left_asks_no_more() -> None:
    names = [f"O{number}" for number in range(200)]
    service = Service({name: opportunity(name) for name in names})
    batches = reader_of(service, names).batches()
    next(batches)
    batches.close()
    assert service.is_closed
    assert len(service.asked) == READS_PER_BATCH
