"""Bodies of messages: events of every kind, those of somebody else, and garbage."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from partner_central_sync.events.batch import MOST_ATTEMPTS, Batch
from partner_central_sync.events.message import Event, Foreign, Unreadable, read_message

AT = datetime(2026, 11, 28, 8, 0, tzinfo=UTC)
EDGES = ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00")
SECRET = "Example Customer Ltd"


def body(detail: Any, **envelope: Any) -> str:
    """An envelope of EventBridge."""
    event = {"source": "aws.partnercentral-selling", "detail-type": "Opportunity Updated", "detail": detail}
    return json.dumps(event | {"time": "2026-11-28T08:00:00Z"} | envelope)


def message(text: Any, number: int = 1, times: str = "1") -> dict[str, Any]:
    attributes = {"SentTimestamp": str(int(AT.timestamp() * 1000) + 500), "ApproximateReceiveCount": times}
    return {"MessageId": f"m{number}", "ReceiptHandle": f"h{number}-{times}", "Body": text, "Attributes": attributes}


def event(detail: Any, **envelope: Any) -> Event:
    found = read_message(message(body({"catalog": "AWS"} | detail, **envelope)), "AWS")
    assert isinstance(found, Event)
    return found


def test_an_update_names_its_opportunity() -> None:
    found = event({"schemaVersion": "1", "opportunity": {"identifier": "O123"}})
    assert (found.kind, found.catalog, found.opportunity_ids) == ("Opportunity Updated", "AWS", ("O123",))
    assert (found.happened_at, found.message_id, found.handle, found.receive_count) == (AT, "m1", "h1-1", 1)
    assert "h1-1" not in repr(found)


@pytest.mark.parametrize(
    ("detail", "ids", "named", "engagements", "invitations"),
    [
        ({"opportunity": {"identifier": "O1"}}, ("O1",), (), False, False),
        ({"opportunity": {"Id": "arn:aws:partnercentral:::catalog/AWS/opportunity/O2"}}, ("O2",), (), False, False),
        ({"resourceSnapshot": {"resourceType": "Opportunity", "resourceId": "O3"}}, ("O3",), (), False, False),
        ({"resourceSnapshot": {"resourceType": "Solution", "resourceId": "S-1"}}, (), (), False, False),
        ({"engagementInvitation": {"id": "engi-1", "engagementId": "eng-1"}}, (), ("eng-1",), False, True),
        ({"engagement": {"id": "eng-1"}, "engagementMember": {"accountId": "1"}}, (), ("eng-1",), True, False),
        ({"engagement": {"engagementArn": "arn:aws:x:::catalog/AWS/engagement/eng-2", "engagementId": "eng-2"}},
         (), ("eng-2",), True, False),
        ({"engagement": {"id": "no id"}}, (), (), True, False),
        ({"opportunity": {"identifier": "O1"}, "resourceSnapshot": {"resourceType": "Opportunity", "resourceId": "O1"}},
         ("O1",), (), False, False),
        ({"customerAccount": {"id": "c-1"}}, (), (), False, False),
    ],
)  # fmt: skip
def test_the_members_of_detail_decide(
    detail: dict[str, Any], ids: tuple[str, ...], named: tuple[str, ...], *, engagements: bool, invitations: bool
) -> None:
    found = event(detail, **{"detail-type": "A Kind That Nobody Knew"})
    assert found.engagement_ids == named
    assert (found.opportunity_ids, found.is_about_engagements, found.is_about_invitations) == (
        ids,
        engagements,
        invitations,
    )
    assert found.kind == "A Kind That Nobody Knew"


@pytest.mark.parametrize("kind", [None, 7, SECRET * 9, "a\nb", "é"])
def test_a_kind_that_is_not_a_few_plain_words_is_counted_as_other(kind: object) -> None:
    assert event({"opportunity": {"identifier": "O1"}}, **{"detail-type": kind}).kind == "other"


def test_what_sns_wraps_is_the_same_event() -> None:
    inner = body({"catalog": "AWS", "opportunity": {"identifier": "O5"}})
    outer = json.dumps({"Type": "Notification", "TopicArn": "arn:aws:sns:us-east-1:1:t", "Message": inner})
    assert read_message(message(outer), "AWS") == read_message(message(inner), "AWS")


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2026-11-28T09:00:00+01:00", AT),
        ("2026-11-28T08:00:00", AT),
        ("yesterday", AT.replace(microsecond=500_000)),
        *((edge, AT.replace(microsecond=500_000)) for edge in EDGES),
        (7, AT.replace(microsecond=500_000)),
        (None, AT.replace(microsecond=500_000)),
    ],
)
def test_a_time_that_cannot_be_read_is_that_of_sending(time: object, expected: datetime) -> None:
    assert event({"opportunity": {"identifier": "O1"}}, time=time).happened_at == expected


@pytest.mark.parametrize("sent", ["253402300799000", "-62135596800000", "9" * 30])
def test_a_time_of_sending_that_no_message_can_have_is_none(sent: str) -> None:
    odd = {"MessageId": "m", "Body": body({"catalog": "AWS"}, time=EDGES[0]), "Attributes": {"SentTimestamp": sent}}
    found = read_message(odd, "AWS")
    assert isinstance(found, Event)
    assert found.happened_at is None


def test_a_message_without_attributes_has_no_time() -> None:
    bare = {"MessageId": "m", "ReceiptHandle": "h", "Body": body({"catalog": "AWS"}, time=None)}
    found = read_message(bare, "AWS")
    assert isinstance(found, Event)
    assert (found.happened_at, found.receive_count) == (None, 1)


@pytest.mark.parametrize(
    "text",
    [
        body({"catalog": "Sandbox", "opportunity": {"identifier": "O1"}}),
        body({"catalog": "AWS", "opportunity": {"identifier": "O1"}}, source="com.example"),
        body({}, source="aws.s3"),
    ],
)
def test_what_is_for_somebody_else_is_told_apart(text: str) -> None:
    assert read_message(message(text), "AWS") == Foreign("m1")


GARBAGE = [
    None,
    7,
    "",
    SECRET,
    "null",
    "[]",
    '"text"',
    "{}",
    "1e999",
    "9" * 5000,
    "[" * 200_000,
    '{"source": ' + "[" * 200_000,
    "\ud800",
    json.dumps({"Type": "Notification", "Message": SECRET}),
    json.dumps({"Type": "Notification", "Message": {"source": SECRET}}),
    body(None),
    body(SECRET),
    body([]),
    body({}),
    body({"catalog": 7}),
    body({"catalog": "AWS", "opportunity": None}),
    body({"catalog": "AWS", "opportunity": SECRET}),
    body({"catalog": "AWS", "opportunity": {}}),
    body({"catalog": "AWS", "opportunity": {"identifier": 7}}),
    body({"catalog": "AWS", "opportunity": {"identifier": SECRET}}),
    body({"catalog": "AWS", "opportunity": {"identifier": "O" + "1" * 20}}),
    body({"catalog": "AWS", "opportunity": {"identifier": "O1\n"}}),
    body({"catalog": "AWS", "resourceSnapshot": {"resourceType": "Opportunity", "resourceId": None}}),
    body({"catalog": "AWS", "resourceSnapshot": []}),
]


@pytest.mark.parametrize("text", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_unreadable_and_none_of_it_is_kept(text: object) -> None:
    found = read_message(message(text), "AWS")
    assert isinstance(found, Unreadable)
    assert SECRET not in repr(found)
    assert len(found.reason) < 80


def test_a_very_long_event_is_read() -> None:
    assert event({"opportunity": {"identifier": "O1"}, "extra": "x" * 1_000_000}).opportunity_ids == ("O1",)


def batch(*messages: dict[str, Any]) -> Batch:
    found = Batch()
    for one in messages:
        found.add(read_message(one, "AWS"))
    return found


def of(number: int, identifier: str, times: str = "1", time: str = "2026-11-28T08:00:00Z") -> dict[str, Any]:
    return message(body({"catalog": "AWS", "opportunity": {"identifier": identifier}}, time=time), number, times)


def test_repeated_and_disordered_messages_name_an_id_once_and_keep_every_handle() -> None:
    found = batch(of(2, "O1", time="2026-11-28T09:00:00Z"), of(1, "O1"), of(3, "O2"), of(2, "O1", times="2"))
    assert found.opportunity_ids == ("O1", "O2")
    assert sorted(found.handles) == ["h1-1", "h2-2", "h3-1"]
    assert (found.oldest, found.newest, found.received) == (AT, AT, 4)


def test_an_id_that_cannot_be_read_is_given_back_and_at_last_left_to_the_poll() -> None:
    found = batch(of(1, "O1"), of(2, "O2"), of(3, "O2", times=str(MOST_ATTEMPTS)), message(body({"catalog": "AWS"}), 4))
    settled = found.settle({"O2"})
    assert (settled.done, settled.waiting, settled.given_up) == (("h1-1", "h4-1"), ("h2-1",), (f"h3-{MOST_ATTEMPTS}",))


def test_what_is_not_for_us_is_counted_and_never_has_a_handle() -> None:
    foreign = message(body({"catalog": "Sandbox", "opportunity": {"identifier": "O1"}}), 2)
    found = batch(of(1, "O1"), foreign, message("garbage", 3), message("garbage", 3))
    assert (found.handles, found.foreign, found.unreadable) == (("h1-1",), {"m2"}, {"m3": "it is not JSON"})
    assert found.kinds() == {"Opportunity Updated": 1}


def test_an_empty_batch_has_no_times_and_nothing_to_read() -> None:
    empty = Batch()
    assert (empty.oldest, empty.newest, empty.opportunity_ids, empty.handles) == (None, None, (), ())
    assert not empty.is_about_engagements
    assert not empty.is_about_invitations
