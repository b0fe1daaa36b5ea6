"""Decisions of the probe, from recorded answers alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from partner_central.public import service_model
from partner_central_sync.probe import of_dates, of_search, of_service, of_tokens
from partner_central_sync.probe.evidence import Attempt, Evidence, Reply, Status
from partner_central_sync.probe.steps import Steps

START = datetime(2026, 5, 1, 8, tzinfo=UTC)


def page(*records: tuple[str, str], token: str | None = None, **more: Any) -> Reply:
    """A page of opportunities: key and date of each."""
    found = [{"Id": key, "LastModifiedDate": date, "CreatedDate": date, **more} for key, date in records]
    return Reply("answered", {"OpportunitySummaries": found, "NextToken": token}, served_at=START)


def day(number: int) -> str:
    return f"2026-04-{number:02}T08:00:00Z"


def listed(*numbers: int, token: str | None = None) -> Reply:
    return page(*((f"O{number}", day(number)) for number in numbers), token=token)


CHANGED = ("O3", "2026-05-01T07:00:00Z")  # the fourth of the list below
THEN = listed(6, 5, 4, 3, 2, 1)
NOW = page(CHANGED, *listed(6, 5, 4, 2, 1).marks)


def tokens(*late: tuple[str, str], now: Reply = NOW, after: Reply = NOW) -> Evidence:
    pages = {"newest": THEN, "small first": listed(6, 5, token="T"), "before": now, "small 1": page(*late)}
    return Evidence(replies=pages | {"after": after})


@pytest.mark.parametrize(
    ("late", "kinds"),
    [
        ([("O5", day(5)), ("O4", day(4))], ["offset"]),
        ([("O4", day(4)), ("O2", day(2))], ["position"]),
        ([("O4", day(4)), ("O3", day(3))], ["snapshot"]),
        ([("O4", day(4))], ["position", "snapshot"]),
    ],
)
def test_a_kind_of_token_is_one_that_explains_what_was_seen(late: list[tuple[str, str]], kinds: list[str]) -> None:
    assert of_tokens.kind(tokens(*late)).details == {"kinds": kinds}


def test_a_token_that_no_kind_explains_contradicts() -> None:
    assert of_tokens.kind(tokens(("O1", day(1)))).verdict == "contradicts"


def test_a_change_while_tokens_are_used_leaves_their_kind_open() -> None:
    found = of_tokens.kind(tokens(("O4", day(4)), after=THEN))
    assert (found.verdict, "while the tokens were used" in found.text) == ("open", True)


@pytest.mark.parametrize(
    ("status", "verdict"), [("answered", "ok"), ("invalid", "contradicts"), ("failed", "open"), ("not sent", "open")]
)
def test_a_token_that_is_refused_later_contradicts(status: Status, verdict: str) -> None:
    evidence = Evidence(replies={"small first": listed(2, token="T"), "small 1": Reply(status)}, token_age=61)
    assert of_tokens.lifetime(evidence).verdict == verdict


@pytest.mark.parametrize(("status", "verdict"), [("answered", "ok"), ("invalid", "contradicts"), ("failed", "open")])
def test_a_token_for_one_use_contradicts(status: Status, verdict: str) -> None:
    replies = {"small first": listed(2, token="T"), "small 1": listed(1), "small again": Reply(status)}
    assert of_tokens.again(Evidence(replies=replies)).verdict == verdict


@pytest.mark.parametrize(
    ("dates", "verdict"),
    [
        (["2026-04-02T08:00:00Z", "2026-04-01T08:00:00Z"], "ok"),
        (["2026-04-01T08:00:00Z", "2026-04-01T08:00:00.900Z"], "ok"),  # as text
        (["2026-04-01T08:00:00Z", "2026-04-02T08:00:00Z"], "contradicts"),
    ],
)
def test_a_list_out_of_order_contradicts(dates: list[str], verdict: str) -> None:
    newest = page(*((f"O{number}", date) for number, date in enumerate(dates)))
    evidence = Evidence(replies={"newest": newest, "oldest created": page(("O1", day(1)))})
    assert of_dates.order("ListOpportunities")(evidence).verdict == verdict


def test_a_record_without_a_date_of_creation_contradicts() -> None:
    undated = Reply("answered", {"OpportunitySummaries": [{"Id": "O1", "CreatedDate": None}]})
    evidence = Evidence(replies={"newest": listed(1), "oldest created": undated})
    found = of_dates.order("ListOpportunities")(evidence)
    assert (found.verdict, found.details["without_created_date"]) == ("contradicts", 1)


@pytest.mark.parametrize(
    ("keys", "order"),
    [("ABC", "key ascending"), ("CBA", "key descending"), ("BAC", "no order of keys")],
)
def test_the_order_of_ties_is_told(keys: str, order: str) -> None:
    evidence = Evidence(replies={"newest": page(*((key, day(1)) for key in keys))})
    assert of_dates.ties(evidence).details["ties"] == {"LastModifiedDate descending": order}


def test_ties_that_change_places_are_not_steady() -> None:
    first, last = page(("A", day(1)), ("B", day(1))), page(("B", day(1)), ("A", day(1)))
    assert of_dates.ties(Evidence(replies={"newest": first, "after": last})).details["steady"] is False


def test_mixed_digits_of_a_second_are_all_told() -> None:
    reply = page(("A", "2026-04-01T08:00:00Z"), ("B", "2026-04-01T08:00:00.123456789Z"))
    found = of_dates.fractions(Evidence(operations={"ListOpportunities": reply}))
    assert found.details == {"digits": {"ListOpportunities": [0, 9]}}


@pytest.mark.parametrize(("hours", "verdict"), [(0.5, "ok"), (1.5, "contradicts")])
def test_a_search_later_than_its_lookback_contradicts(hours: float, verdict: str) -> None:
    changed = START.timestamp() - hours * 3600
    date = datetime.fromtimestamp(changed, UTC).isoformat()
    replies = {"newest": page(("O9", date), ("O1", day(1))), "search newest": page(("O9", day(9)), ("O1", day(1)))}
    found = of_search.lag(Evidence(replies=replies))
    assert (found.verdict, found.details["behind"]) == (verdict, 1)
    assert found.details["at_least_seconds"] == hours * 3600


def test_what_the_first_page_of_a_search_ends_before_is_not_late() -> None:
    replies = {"newest": listed(9, 8, 1), "search newest": listed(9, 8)}
    assert of_search.lag(Evidence(replies=replies)).details["behind"] == 0


@pytest.mark.parametrize(("took", "verdict"), [(0.3, "ok"), (1.5, "contradicts")])
def test_slow_answers_contradict(took: float, verdict: str) -> None:
    found = of_service.latency(Evidence(attempts=[Attempt("ListOpportunities", took=took)] * 3))
    assert (found.verdict, found.details["median_ms"]) == (verdict, round(took * 1000))


@pytest.mark.parametrize(
    ("ahead", "verdict"), [(0.4, "ok"), (-59.0, "ok"), (90.0, "contradicts"), (-90.0, "contradicts")]
)
def test_a_clock_that_is_wrong_contradicts(ahead: float, verdict: str) -> None:
    assert of_service.clock(Evidence(attempts=[Attempt("ListOpportunities", ahead=ahead)])).verdict == verdict


def test_answers_without_a_date_header_contradict() -> None:
    assert of_service.clock(Evidence(attempts=[Attempt("ListOpportunities")])).verdict == "contradicts"


def test_a_throttle_is_told_with_the_calls_of_the_second_before() -> None:
    sent = [Attempt("A", sent=1 + number / 10) for number in range(5)]
    throttle = Attempt("A", sent=1.5, http_status=400, code="ThrottlingException", has_retry_after=True)
    found = of_service.throttles(Evidence(attempts=[*sent, throttle]))
    assert found.details["calls_in_the_second_before"] == 6
    assert found.details["retry_after"] is True


def test_a_denial_that_names_another_action_contradicts() -> None:
    attempt = Attempt("SearchOpportunities", http_status=400, action="partnercentral:ListOpportunities")
    assert of_service.actions(Evidence(attempts=[attempt])).verdict == "contradicts"


def test_a_largest_page_that_is_not_taken_contradicts() -> None:
    evidence = Evidence(replies={"newest": listed(1)}, too_large=["ListSolutions"])
    found = of_service.page_size(evidence)
    assert (found.verdict, found.details["refused"]) == ("contradicts", ["ListSolutions"])


def test_members_left_out_are_told_from_null_ones() -> None:
    found = [{"Id": "O1", "Arn": None}, {"Id": "O2"}]
    reply = Reply("answered", {"OpportunitySummaries": found})
    evidence = Evidence(replies={"newest": reply}, operations={"ListOpportunities": reply})
    assert of_service.absent_values(evidence).details == {"nulls": 1, "left_out": True}


@pytest.mark.parametrize(
    ("reply", "details"),
    [
        (Reply("not found"), {"found": False}),
        (Reply("answered", {"Visibility": None}), {"found": True, "blank": True}),
        (Reply("answered", {"Visibility": "Full"}), {"found": True, "blank": False}),
    ],
)
def test_a_summary_of_a_draft_is_told(reply: Reply, details: dict[str, bool]) -> None:
    assert of_service.draft_summary(Evidence(replies={"draft summary": reply})).details == details


def test_the_keys_of_a_map_are_not_unknown_members() -> None:
    body = {"Insights": {"Attributes": {"anything": "x"}, "Novelty": 1}}
    evidence = Evidence(
        operations={"GetX": Reply("answered", body)}, known={"GetX": ("Insights", "Insights.Attributes")}
    )
    assert of_service.members(evidence).details == {"missing": [], "unknown": 1}


class Asked:
    """A service that has one draft, and no summary of it; it remembers the calls."""

    def __init__(self) -> None:
        self.left = 60
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def call(self, operation: str, request: dict[str, Any]) -> Reply:
        self.calls.append((operation, request))
        if operation == "GetAwsOpportunitySummary":
            return Reply("not found", reason="ResourceNotFoundException")
        if operation == "ListEngagements":
            return Reply("answered", {"EngagementSummaryList": [{"Id": "eng-1"}]})
        if operation == "ListSolutions" and "MaxResults" in request:
            return Reply("invalid", reason="ValidationException")
        return page(("O1", day(1)), LifeCycle={"ReviewStatus": "Pending Submission"})


def test_a_service_is_asked_about_drafts_members_and_the_size_of_pages() -> None:
    service, evidence = Asked(), Evidence()
    operations = ("ListEngagementMembers", "ListEngagements", "ListSolutions")
    Steps(service, evidence, service_model(), operations, wait=lambda _: None, show=lambda _: None).run(0)  # type: ignore[arg-type]
    assert of_service.draft_summary(evidence).details == {"found": False}
    assert ("ListEngagementMembers", {"MaxResults": 10, "Identifier": "eng-1"}) in service.calls
    assert of_service.page_size(evidence).details["refused"] == ["ListSolutions"]
    assert evidence.operations["ListSolutions"].is_answered
    assert evidence.unasked == []
