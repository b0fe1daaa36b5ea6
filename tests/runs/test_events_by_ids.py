"""What is read by ids, for opportunities that events name: before the backlog, and within a share of the calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from fake_queue import FakeSqs
from partner_central.tables.id_reads import DueId
from partner_central_emulator import Emulator, Fault
from partner_central_sync.sync.ids_due import IdQueue
from runs.test_events import ids, load
from sandbox import Sandbox, rows

TABLES = ("opportunities", "aws_opportunity_summaries")
Begin = Callable[..., Sandbox]
DUE = "SELECT id FROM aws_opportunity_summary_reads WHERE reading = 0"


@pytest.fixture
def sqs() -> FakeSqs:
    return FakeSqs()


def read(emulator: Emulator) -> list[str]:
    """The ids whose summaries were read, in their order."""
    return [str(call.request["RelatedOpportunityIdentifier"]) for call in emulator.calls if is_of_summary(call)]


def is_of_summary(call: Any) -> bool:
    return bool(call.operation == "GetAwsOpportunitySummary")


def test_a_change_by_aws_alone_reaches_the_summary(begin: Begin, small: Emulator, sqs: FakeSqs) -> None:
    sandbox = begin(*TABLES)
    identifier = ids(small)[0]
    before = rows(sandbox, f"SELECT * FROM aws_opportunity_summary_history WHERE id = '{identifier}'")
    small.change_aws_side(identifier)
    sqs.send_update(identifier)
    small.calls.clear()
    load(sandbox, sqs, tables=TABLES)
    assert [call.operation for call in small.calls] == ["ListOpportunities", "GetAwsOpportunitySummary"]
    after = rows(sandbox, f"SELECT * FROM aws_opportunity_summary_history WHERE id = '{identifier}'")
    assert (len(before), len(after)) == (1, 2)


def test_what_an_event_names_comes_before_the_backlog(tmp_path: Path, small: Emulator, sqs: FakeSqs) -> None:
    sandbox = Sandbox(tmp_path, small.endpoint)
    sandbox.sync(tables=TABLES, source={"calls_per_day": 600})
    known = set(read(small))
    assert 0 < len(known) < 20, "a backlog is left"
    small.calls.clear()
    never_read = [one for one in ids(small) if one not in known][-1]
    sqs.send_update(never_read)
    load(sandbox, sqs, tables=TABLES, source={"calls_per_day": 600})
    assert read(small)[0] == never_read
    assert len(read(small)) <= 2, "the share of the seconds since then is of the backlog"


def test_what_waits_is_read_though_each_run_has_events(
    tmp_path: Path, small: Emulator, sqs: FakeSqs, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox, few = Sandbox(tmp_path, small.endpoint), {"calls_per_day": 600}
    sandbox.sync(tables=TABLES, source=few)
    known = read(small)
    monkeypatch.setattr("partner_central_sync.sync.details.allowed", lambda *_: 1)
    for number in range(4):
        small.calls.clear()
        sqs.send_update(known[number % len(known)])
        load(sandbox, sqs, tables=TABLES, source=few)
        assert len({*read(small)} - {*known}) == 1
        known += {*read(small)} - {*known}


@pytest.mark.long
def test_more_names_than_the_share_stay_due_until_they_are_read(begin: Begin, small: Emulator, sqs: FakeSqs) -> None:
    sandbox = begin(*TABLES)
    for identifier in ids(small):
        sqs.send_update(identifier)
    small.calls.clear()
    # A share of 12 an hour, twice that with events: 4 are left after the first 20.
    load(sandbox, sqs, tables=TABLES, source={"calls_per_day": 1440})
    assert (len(read(small)), len(sqs.deleted)) == (4, 20)
    assert len(rows(sandbox, DUE)) == 16, "the opportunities are read all the same"
    small.advance(days=1)
    small.calls.clear()
    sandbox.sync(tables=TABLES)
    assert (len(rows(sandbox, DUE)), small.calls[0].operation) == (0, "ListOpportunities")


def test_a_share_of_nothing_reads_nothing_that_events_name(
    begin: Begin, small: Emulator, sqs: FakeSqs, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = begin(*TABLES)
    sqs.send_update(ids(small)[0])
    small.calls.clear()
    monkeypatch.setenv("SOURCES__PARTNER_CENTRAL__DETAILS_SHARE", "0")
    load(sandbox, sqs, tables=TABLES)
    assert read(small) == []


def test_what_is_not_read_by_ids_after_a_crash_is_still_due(begin: Begin, small: Emulator, sqs: FakeSqs) -> None:
    """The message is deleted by then: the table of reads says what is due."""
    sandbox = begin(*TABLES)
    identifier = ids(small)[0]
    small.change_aws_side(identifier)
    sqs.send_update(identifier)
    small.faults.append(Fault("server_error", operation="GetAwsOpportunitySummary", calls=99))
    with pytest.raises(Exception, match="aws_opportunity_summaries"):
        load(sandbox, sqs, tables=TABLES, source={"attempts": 1})
    assert (sqs.deleted, [row["id"] for row in rows(sandbox, DUE)]) == (["1"], [identifier])
    small.faults.clear()
    small.calls.clear()
    sandbox.sync({"calls_per_day": 10**9}, tables=TABLES)  # the share of a moment is a call, however fast this is
    assert read(small) == [identifier]


def test_what_is_read_by_ids_keeps_no_message_about_a_list_back(begin: Begin, small: Emulator, sqs: FakeSqs) -> None:
    tables = (*TABLES, "engagement_invitations")
    sandbox = begin(*tables)
    sqs.send({"engagementInvitation": {"id": "engi-1"}}, "Engagement Invitation Accepted")
    sqs.send_update(ids(small)[0])
    small.faults.append(Fault("server_error", operation="GetAwsOpportunitySummary", calls=99))
    with pytest.raises(Exception, match="aws_opportunity_summaries"):
        load(sandbox, sqs, tables=tables, source={"attempts": 1})
    assert sorted(sqs.deleted) == ["1", "2"]


def test_an_event_of_a_member_reads_the_members_of_its_engagement(begin: Begin, small: Emulator, sqs: FakeSqs) -> None:
    """Also where the engagement itself says of no change."""
    tables = ("opportunities", "engagements", "engagement_members")
    sandbox = begin(*tables)
    first, second = sorted({one["EngagementId"] for one in small.truth(stream="engagement_members")})[:2]
    small.put({"EngagementId": first, "AccountId": "123456789999", "CompanyName": "New"}, stream="engagement_members")
    modified = rows(sandbox, f"SELECT modified_at FROM engagements WHERE id = '{first}'")[0]["modified_at"]
    small.overlay(first, {"ModifiedAt": modified.isoformat()}, stream="engagements")
    small.calls.clear()
    member = {"engagement": {"id": first}, "engagementMember": {"accountId": "123456789999"}}
    sqs.send(member, "Engagement Member Added")
    sqs.send({"engagementInvitation": {"id": "engi-1", "engagementId": second}}, "Engagement Invitation Accepted")
    load(sandbox, sqs, tables=tables, source={"calls_per_day": 100_000})
    asked = [call.request["Identifier"] for call in small.calls if call.operation == "ListEngagementMembers"]
    assert sorted(asked) == [first, second]
    found = rows(sandbox, f"SELECT account_id FROM engagement_members WHERE engagement_id = '{first}'")
    assert "123456789999" in {row["account_id"] for row in found}
    assert sqs.deleted == ["1", "2"]


def test_a_run_of_events_without_a_call_has_no_clock_but_that_of_earlier_ones(
    begin: Begin, small: Emulator, sqs: FakeSqs, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = ("opportunities", "engagements", "engagement_members")
    sandbox = begin(*tables)
    (newest,) = rows(sandbox, "SELECT max(read_at) AS at FROM engagement_member_reads")
    times, find = list[datetime](), IdQueue.find

    def noted(
        queue: IdQueue, reading: int, limit: int, now: datetime, *some: Sequence[str], **given: Any
    ) -> list[DueId]:
        times.append(now)
        return find(queue, reading, limit, now, *some, **given)

    monkeypatch.setattr(IdQueue, "find", noted)
    monkeypatch.setattr("partner_central_sync.sync.lists.Lists._is_due", lambda _, one: one.table == tables[2])
    sqs.send({"engagement": {"id": small.truth(stream="engagements")[0]["Id"]}}, "Engagement Member Added")
    load(sandbox, sqs, tables=tables)
    assert {*times} == {newest["at"]}
