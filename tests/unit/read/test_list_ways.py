"""A list that can be read in two ways: which one is taken, and what of it is handed on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import pytest

from partner_central.api.client import PartnerCentral
from partner_central.api.raw_json import Answer, BadBody
from partner_central.errors import PaginationError, RecordNotFound, RequestInvalid, RequestRejected, ServiceUnavailable
from partner_central.list_stream import WholeListStream
from partner_central.metrics import SyncMetrics
from partner_central.operation import List
from partner_central.public import stream_model
from partner_central.read.list_state import pack, unpack
from partner_central.read.pages import parse_page
from partner_central.read.whole_list import WholeListReader
from partner_central.streams.engagement_invitations import ENGAGEMENT_INVITATIONS
from partner_central.streams.engagement_resource_associations import ENGAGEMENT_RESOURCE_ASSOCIATIONS
from partner_central.streams.engagements import ENGAGEMENTS
from partner_central.tables.listed_rows import ListedRows
from partner_central.tables.row_batch import TableRows
from partner_central.tables.rows import RowMaker

SEARCH, LIST, GET = "SearchEngagements", "ListEngagements", "GetEngagement"
Record = dict[str, Any]
KEY = "a secret of sixteen"


class Service:
    """Has engagements; an operation in `failures` fails with that, from the given call on."""

    def __init__(self, *records: Record) -> None:
        self.records = {record["Id"]: dict(record) for record in records}
        self.page_size = 2
        self.last_token: str | None = None
        self.failures: dict[str, tuple[int, Exception]] = {}
        self.refused: set[str] = set()
        self.missing: set[str] = set()
        self.copies: dict[str, Record] = {}
        self.calls: list[str] = []
        self.metrics = SyncMetrics()

    def call(self, operation: str, request: Mapping[str, Any], parse: Any) -> Any:
        self.calls.append(operation)
        at, failure = self.failures.get(operation, (0, None))
        if failure is not None and self.calls.count(operation) >= at:
            raise failure
        if operation == GET:
            if request["Identifier"] in self.refused:
                raise RequestRejected("AWS denied GetEngagement for this one.")
            if request["Identifier"] not in self.records.keys() - self.missing:
                raise RecordNotFound("it is gone")
            found = (self.records | self.copies)[request["Identifier"]]
            return parse(Answer(json.dumps(found).encode(), None))
        shown, start = [*self.records.values()], int(request.get("NextToken", 0))
        if operation == LIST:
            shown = [{name: value for name, value in one.items() if name != "Contexts"} for one in shown]
        answer: dict[str, Any] = {"NextToken": self.last_token} if self.last_token is not None else {}
        page = shown[start : start + self.page_size]
        if page or operation == LIST:
            answer["EngagementSearchSummaries" if operation == SEARCH else "EngagementSummaryList"] = page
        if start + self.page_size < len(shown):
            answer["NextToken"] = str(start + self.page_size)
        return parse(Answer(json.dumps(answer).encode(), None))

    def close(self) -> None:
        """Nothing is open."""


def refused(service: Service, *operations: str, at: int = 1) -> None:
    service.failures |= {name: (at, RequestRejected(f"AWS denied {name}")) for name in operations}


def engagement(number: int, **members: Any) -> Record:
    context = {"Id": "1", "Type": "Lead", "Payload": {"Lead": {"QualificationStatus": "New"}}}
    return {"Id": f"eng-{number}", "Title": f"Lead {number}", "Contexts": [context], **members}


def read(
    service: Service,
    state: Mapping[str, Any],
    *,
    stream: WholeListStream = ENGAGEMENTS,
    pii: str = "keep",
    full: bool = False,
) -> tuple[list[TableRows], dict[str, Any], WholeListReader]:
    names = state.get("members", {})
    maker = RowMaker(stream_model(stream), stream.table_names, stream.members, names)
    policy = stream.pii_policy(pii, KEY)
    client, rows = cast("PartnerCentral", service), ListedRows(maker, policy, in_rows=stream.fallback is None)
    reader = WholeListReader(stream, "AWS", state, client, maker, rows, policy.identity, full=full)
    return list(reader.batches()), reader.state(), reader


def ids(batches: list[TableRows]) -> list[str]:
    return [row["id"] for batch in batches for row in batch.rows]


def listed(batches: list[TableRows]) -> list[str]:
    return sorted(row["id"] for batch in batches for row in batch.listed)


ALL = tuple(engagement(number) for number in range(1, 6))


@pytest.mark.parametrize("refusal", [RequestRejected("denied"), RequestInvalid("not available in this catalog")])
@pytest.mark.parametrize("page", [1, 3])
def test_a_refusal_on_any_page_leads_to_the_second_way(page: int, refusal: RequestRejected) -> None:
    service = Service(*ALL)
    service.failures[SEARCH] = page, refusal
    batches, state, _ = read(service, {})
    assert ids(batches) == listed(batches) == [one["Id"] for one in ALL]
    service.calls.clear()
    again, same, _ = read(service, json.loads(json.dumps(state)))
    assert (service.calls, again, same) == ([LIST] * 3, [], state), "the refusal is remembered"


@pytest.mark.parametrize(
    "failure", [ServiceUnavailable("throttled"), PaginationError("the same token twice")], ids=["throttled", "token"]
)
def test_what_is_no_refusal_does_not_lead_there(failure: Exception) -> None:
    service = Service(*ALL)
    service.failures[SEARCH] = 3, failure
    with pytest.raises(type(failure)):
        read(service, {})
    assert {*service.calls} == {SEARCH}


def test_a_refused_second_way_is_left_for_the_first_that_is_permitted_again() -> None:
    service = Service(*ALL)
    refused(service, SEARCH)
    _, state, _ = read(service, {})
    service.failures.clear()
    refused(service, LIST)
    batches, after, _ = read(service, state)
    assert ids(batches) == [one["Id"] for one in ALL]
    assert "refused_at" not in after
    refused(service, SEARCH)
    with pytest.raises(RequestRejected):
        read(service, after)


@pytest.mark.parametrize("at", ["2999-01-01T00:00:00+00:00", "2020-01-01T00:00:00+00:00"], ids=["clock", "a day"])
def test_a_refusal_is_forgotten_after_a_day_and_by_a_clock_that_was_set_back(at: str) -> None:
    service = Service(*ALL)
    _, after, _ = read(service, {"refused_at": at})
    assert {*service.calls} == {SEARCH}
    assert "refused_at" not in after


def test_the_second_way_reads_what_is_new_or_changed_and_lists_everything() -> None:
    service = Service(*ALL)
    refused(service, SEARCH)
    _, state, _ = read(service, {})
    service.records["eng-2"]["Title"] = "another"
    service.records["eng-9"] = engagement(9)
    del service.records["eng-4"]
    service.calls.clear()
    batches, _, _ = read(service, state)
    assert ids(batches) == ["eng-2", "eng-9"]
    assert service.calls.count(GET) == 2
    assert listed(batches) == ["eng-1", "eng-2", "eng-3", "eng-5", "eng-9"]


def a_day_later(state: Mapping[str, Any]) -> dict[str, Any]:
    """The state as it is when AWS refused single records a day ago."""
    known = json.loads(json.dumps(state))
    known["list"]["refused"]["at"] = "2020-01-01T00:00:00+00:00"
    return cast("dict[str, Any]", known)


def test_a_record_that_aws_refuses_alone_is_asked_for_again_after_a_day() -> None:
    service = Service(*ALL)
    refused(service, SEARCH)
    service.refused.add("eng-2")
    batches, state, reader = read(service, {})
    assert ids(batches) == ["eng-1", "eng-3", "eng-4", "eng-5"]
    assert listed(batches) == [one["Id"] for one in ALL]
    assert reader.failure is None
    (note,) = service.metrics.notes
    assert note.startswith("AWS refuses 1 of the engagements, such as eng-2: AWS denied GetEngagement for this one.")
    service.calls.clear()
    again, same, _ = read(service, state)
    assert (again, same, service.calls) == ([], state, [LIST] * 3), "it costs no call, and nothing is loaded"
    batches, state, _ = read(service, a_day_later(state))
    assert (ids(batches), service.calls.count(GET)) == ([], 1), "the list is not refused with it"
    service.calls.clear()
    assert read(service, state)[0] == []
    assert service.calls == [LIST] * 3, "a day is to pass again"
    service.refused.clear()
    batches, state, _ = read(service, a_day_later(state))
    assert ids(batches) == ["eng-2"]
    service.calls.clear()
    assert read(service, state)[0] == []
    assert service.calls == [LIST] * 3


def test_changes_beside_refused_records_and_of_them_are_read() -> None:
    service = Service(*ALL)
    refused(service, SEARCH)
    service.refused |= {"eng-2", "eng-3", "eng-4"}
    _, state, _ = read(service, {})
    service.records["eng-5"]["Title"] = "another"
    service.calls.clear()
    batches, state, _ = read(service, state)
    assert (ids(batches), service.calls.count(GET)) == (["eng-5"], 1)
    service.records["eng-3"]["Title"] = "another"
    service.calls.clear()
    batches, state, _ = read(service, state)
    assert (ids(batches), service.calls.count(GET)) == ([], 1)
    service.calls.clear()
    batches, state, reader = read(service, a_day_later(state))
    assert (reader.failure, service.calls.count(GET)) == (None, 3), "known refusals do not refuse the operation"
    assert read(service, state)[0] == []


def test_refused_records_are_known_after_a_reading_that_ended_early() -> None:
    service = Service(*ALL)
    refused(service, SEARCH)
    service.refused.add("eng-4")
    _, state, _ = read(service, {})
    service.records["eng-1"]["Title"] = service.records["eng-5"]["Title"] = "another"
    service.calls.clear()
    service.failures[GET] = 1, ServiceUnavailable("throttled")
    _, state, reader = read(service, state)
    assert isinstance(reader.failure, ServiceUnavailable)
    del service.failures[GET]
    service.calls.clear()
    batches, _, _ = read(service, state)
    assert (ids(batches), service.calls.count(GET)) == (["eng-1", "eng-5"], 2)


def test_records_behind_the_first_refused_ones_are_tried_by_the_next_run() -> None:
    service = Service(*ALL)
    refused(service, SEARCH)
    service.refused |= {"eng-1", "eng-2", "eng-3"}
    batches, state, reader = read(service, {})
    assert (ids(batches), service.calls.count(GET)) == ([], 3)
    assert isinstance(reader.failure, RequestRejected)
    batches, state, reader = read(service, json.loads(json.dumps(state)))
    assert (ids(batches), reader.failure) == (["eng-4", "eng-5"], None)
    for number in range(3, 8):
        service.records[f"eng-{number}"] = engagement(number, Title="another")
        service.refused.add(f"eng-{number}")
    _, _, reader = read(service, state)
    assert reader.failure is None, "records were read before, so these are refused and not the operation"


def test_an_operation_that_aws_says_it_refuses_is_refused() -> None:
    for records in (ALL, ALL[:2]):
        service = Service(*records)
        refused(service, SEARCH)
        service.failures[GET] = 1, RequestRejected("AWS denied GetEngagement", of_all=True)
        with pytest.raises(RequestRejected):
            read(service, {})
        assert service.calls.count(GET) <= 3


def test_a_record_that_is_not_found_yet_is_asked_for_by_the_next_run() -> None:
    service = Service(*ALL)
    refused(service, SEARCH)
    service.missing = {"eng-2"}
    batches, state, _ = read(service, {})
    assert "eng-2" not in [*ids(batches), *listed(batches)]
    service.missing.clear()
    batches, state, _ = read(service, json.loads(json.dumps(state)))
    assert (ids(batches), listed(batches)) == (["eng-2"], [one["Id"] for one in ALL])
    assert read(service, state)[0] == []


def test_a_copy_that_is_older_than_its_entry_is_read_again_by_the_next_run() -> None:
    service = Service(engagement(1, ModifiedAt="2026-05-02T00:00:00Z"), engagement(2))
    refused(service, SEARCH)
    service.copies["eng-1"] = engagement(1, ModifiedAt="2026-05-01T00:00:00Z", Title="older")
    _, state, _ = read(service, {})
    service.copies.clear()
    batches, state, _ = read(service, json.loads(json.dumps(state)))
    assert [row["title"] for batch in batches for row in batch.rows] == ["Lead 1"]
    assert read(service, state)[0] == []


def test_a_copy_whose_date_has_fewer_digits_is_not_read_again() -> None:
    service = Service(engagement(1, ModifiedAt="2026-05-02T00:00:00.567Z"), engagement(2))
    refused(service, SEARCH)
    service.copies["eng-1"] = engagement(1, ModifiedAt="2026-05-02T00:00:00Z")
    _, state, _ = read(service, {})
    assert read(service, json.loads(json.dumps(state)))[0] == []


def test_a_failure_between_records_keeps_what_was_read() -> None:
    service = Service(*ALL)
    refused(service, SEARCH)
    service.failures[GET] = 4, ServiceUnavailable("throttled")
    batches, state, reader = read(service, {})
    assert ids(batches) == ["eng-1", "eng-2", "eng-3"]
    assert batches[0].first
    assert listed(batches) == [], "what is listed counts when everything is read"
    assert isinstance(reader.failure, ServiceUnavailable)
    del service.failures[GET]
    rest, after, reader = read(service, json.loads(json.dumps(state)))
    assert ids(rest) == ["eng-4", "eng-5"]
    assert (listed(rest), reader.failure) == ([one["Id"] for one in ALL], None)
    assert read(service, after)[0] == []


def test_a_record_that_is_gone_when_it_is_read_is_not_listed() -> None:
    service = Service(*ALL)
    refused(service, SEARCH)
    del service.records["eng-1"]["Contexts"]
    service.records |= {"eng-x": {"Title": "gone", "Id": "eng-gone"}}
    batches, _, _ = read(service, {})
    assert "eng-gone" not in [*ids(batches), *listed(batches)]


@pytest.mark.parametrize("pii", ["mask", "drop"])
def test_another_treatment_of_personal_data_reads_every_record_again(pii: str) -> None:
    service = Service(*ALL)
    refused(service, SEARCH)
    _, state, _ = read(service, {})
    batches, after, _ = read(service, state, pii=pii)
    assert ids(batches) == [one["Id"] for one in ALL]
    assert "Lead 1" not in json.dumps([row.get("title") for batch in batches for row in batch.rows]) + json.dumps(after)


@pytest.mark.parametrize("way", [(), (SEARCH,)], ids=["first", "second"])
def test_a_list_that_is_empty_or_ends_with_an_empty_token_is_a_list(way: tuple[str, ...]) -> None:
    service = Service()
    service.last_token = ""
    refused(service, *way)
    batches, state, _ = read(service, {})
    assert (ids(batches), next(batch.first for batch in batches)) == ([], True)
    assert state["list"]["records"] == 0
    service.records = {record["Id"]: record for record in ALL}
    service.records |= {f"eng-{number}": engagement(number) for number in range(10, 60)}
    batches, _, _ = read(service, state)
    assert len(ids(batches)) == 55, "larger than ever"


def test_an_id_that_is_listed_twice_is_listed_once_in_the_table_of_listings() -> None:
    service = Service(*ALL)
    service.records["again"] = engagement(5, Title="the newer")
    batches, _, _ = read(service, {})
    assert listed(batches) == [one["Id"] for one in ALL]
    rows = [row for batch in batches for row in batch.rows if row["id"] == "eng-5"]
    assert max(rows, key=lambda row: row["_dlt_id"])["title"] == "the newer"


def test_unknown_kinds_and_values_arrive_and_names_of_streams_are_their_own() -> None:
    payload = {"Moonshot": {"Score": 7, "Steps": ["a"]}}
    contexts = [{"Id": "ctx-00000000000001", "Type": "Moonshot", "Payload": payload}]
    batches, state, _ = read(Service(engagement(1, Contexts=contexts, Mood="fine")), {})
    (row,) = (row for batch in batches for row in batch.rows)
    (context,) = row["contexts"]
    assert (context["type"], context["payload_moonshot_score"], row["mood"]) == ("Moonshot", 7, "fine")
    assert [step["value"] for step in context["payload_moonshot_steps"]] == ["a"]
    other = RowMaker(
        stream_model(ENGAGEMENT_INVITATIONS), ENGAGEMENT_INVITATIONS.table_names, ENGAGEMENT_INVITATIONS.members
    )
    assert other.row({"Id": "engi-1", "Mood": 7})["mood"] == 7, "the same name, of another type"
    assert state["members"][""]["Mood text"] == "mood"


def test_everything_of_a_lead_is_masked_or_null() -> None:
    interaction = {"InteractionDate": "2026-01-01T00:00:00Z", "Contact": {"Email": "a@b.example"}}
    lead = {"Interactions": [interaction], "Insights": {"ChannelRecommendation": {"RecommendedChannel": "phone"}}}
    contexts = [{"Id": "1", "Type": "Lead", "Payload": {"Lead": lead}}]
    batches, _, _ = read(Service(engagement(1, Contexts=contexts)), {}, pii="mask")
    (context,) = batches[0].rows[0]["contexts"]
    (entry,) = context["payload_lead_interactions"]
    assert entry.get("interaction_date") is None, "a timestamp holds no mask"
    assert context["payload_lead_recommended_channel"].startswith("m")
    assert entry["contact_email"].startswith("m")


def test_a_key_of_several_members_is_unambiguous_and_each_is_required() -> None:
    members = ENGAGEMENT_RESOURCE_ASSOCIATIONS.members
    link = {"EngagementId": "eng/1", "ResourceType": "Opportunity", "ResourceId": "O1"}
    assert members.key_of(link) == "eng%2F1/Opportunity/O1"
    maker = RowMaker(
        stream_model(ENGAGEMENT_RESOURCE_ASSOCIATIONS), ENGAGEMENT_RESOURCE_ASSOCIATIONS.table_names, members
    )
    row = maker.row(link | {"Id": "an id of its own", "Notes": ["a list"]})
    assert row["id"] == "eng%2F1/Opportunity/O1"
    assert "an id of its own" in row.values()
    assert row["notes"] == [{"value": "a list", "engagement_resource_association_id": row["id"]}]
    for name in link:
        assert members.key_of(link | {name: None}) is None
        with pytest.raises(ValueError, match=f"{name} is missing"):
            maker.row(link | {name: None})


def test_a_result_key_in_small_letters_is_a_result_key_like_any_other() -> None:
    assert parse_page(List("Any", records="items"), Answer(b'{"items": [{"Id": "1"}]}', None)).records == [{"Id": "1"}]
    with pytest.raises(BadBody):
        parse_page(List("Any", records="items"), Answer(b'{"Items": []}', None))


def test_a_set_of_digests_is_the_same_text_in_any_order() -> None:
    digests = [bytes([number] * 6) for number in range(5)]
    assert pack(digests) == pack(reversed(digests))
    assert unpack(pack(digests)) == {*digests}
    assert unpack("") == frozenset()
