"""The probe against the emulator in each of its modes: it tells them apart, and its file holds nothing of a record."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from partner_central.public import STREAMS, CallBudgetExhausted, ServiceUnavailable, service_model
from partner_central_emulator import Emulator, Fault
from partner_central_sync.probe.evidence import Seen
from partner_central_sync.probe.output import document, summary
from partner_central_sync.probe.run import MOST_CALLS, Result, probe
from partner_central_sync.probe.table import table
from sandbox import KEYS, Sandbox

MARK = "Zanzibarvale"  # in every text of a record that is put, and nowhere else
AMOUNT, ANOTHER = "918273645.31", "564738291"
BOUNDS = ("LastModifiedDate", "CreatedDate", "TargetCloseDate")


def run(emulator: Emulator, folder: Path, catalog: str = "AWS", **source: Any) -> Result:
    settings = Sandbox(folder, emulator.endpoint).settings(source, catalog=catalog)
    return probe(settings, token_age=0, show=lambda _: None, warn=lambda _: None)


def seen(result: Result) -> dict[str, Seen]:
    """What was seen, by question, of those that were asked."""
    return {one.question.key: one.seen for one in result.findings if one.seen is not None}


def details(result: Result, key: str) -> dict[str, Any]:
    return dict(seen(result)[key].details)


def by_change(emulator: Emulator) -> list[str]:
    """The keys of the opportunities, newest change first."""
    records = sorted(emulator.truth(), key=lambda one: (one["LastModifiedDate"], one["Id"]), reverse=True)
    return [one["Id"] for one in records]


def when_called(emulator: Emulator, operation: str, act: Callable[[], object]) -> None:
    """Act once, at the first call of an operation."""
    waiting = [act]

    def look(_: int, request: Any) -> None:
        if request.operation == operation and waiting:
            waiting.pop()()

    emulator.on_call = look


@pytest.mark.parametrize("place", [15, 60])
@pytest.mark.parametrize("token", ["offset", "position", "snapshot"])
def test_a_change_tells_the_kinds_of_token_apart(token: Any, place: int, tmp_path: Path) -> None:
    with Emulator(opportunities=250, seed=1, token=token, rps=None) as emulator:
        changed = by_change(emulator)[place]
        when_called(emulator, "ListSolutions", lambda: emulator.change(changed, {"OpportunityType": "Expansion"}))
        result = run(emulator, tmp_path)
    assert details(result, "token_kind") == {"kinds": [token]}
    assert seen(result)["token_kind"].verdict == "ok"


@pytest.mark.parametrize("token", ["offset", "position", "snapshot"])
def test_without_a_change_the_kind_of_token_is_open(token: Any, tmp_path: Path) -> None:
    with Emulator(opportunities=250, seed=1, token=token, rps=None) as emulator:
        result = run(emulator, tmp_path)
    assert seen(result)["token_kind"].verdict == "open"
    assert "No opportunity changed" in seen(result)["token_kind"].text


def test_a_new_record_leaves_two_kinds_possible(tmp_path: Path) -> None:
    with Emulator(opportunities=250, seed=1, token="snapshot", rps=None) as emulator:
        when_called(emulator, "ListSolutions", lambda: emulator.put({"Customer": {"Account": {"CompanyName": "A"}}}))
        result = run(emulator, tmp_path)
    assert details(result, "token_kind") == {"kinds": ["position", "snapshot"]}


def test_a_token_that_expires_contradicts(tmp_path: Path) -> None:
    with Emulator(opportunities=250, seed=1, rps=None) as emulator:
        when_called(
            emulator,
            "ListSolutions",
            lambda: emulator.faults.append(Fault("expired_token", calls=9, operation="ListOpportunities")),
        )
        result = run(emulator, tmp_path)
    assert details(result, "token_lifetime")["valid"] is False
    assert seen(result)["token_lifetime"].verdict == "contradicts"
    assert seen(result)["token_kind"].verdict == "open"


def test_a_token_is_found_to_be_valid_twice_and_bound_to_its_request(tmp_path: Path) -> None:
    with Emulator(opportunities=250, seed=1, rps=None) as emulator:
        result = run(emulator, tmp_path)
    assert details(result, "token_lifetime")["valid"] is True
    assert details(result, "token_again") == {"same": True}
    assert details(result, "token_request") == {"accepted": False}


@pytest.mark.parametrize(("milliseconds", "digits"), [(False, 0), (True, 3)])
def test_seconds_and_milliseconds_are_told_apart(*, milliseconds: bool, digits: int, tmp_path: Path) -> None:
    with Emulator(opportunities=250, seed=1, milliseconds=milliseconds, rps=None) as emulator:
        result = run(emulator, tmp_path)
    found = details(result, "fractions")["digits"]
    assert (found["ListOpportunities"], found["SearchOpportunities"]) == ([digits], [digits])
    assert details(result, "hidden_fraction") == {"hidden": False}


def test_the_bounds_of_the_emulator_are_found(tmp_path: Path) -> None:
    with Emulator(opportunities=250, seed=1, rps=None) as emulator:
        result = run(emulator, tmp_path)
    for field in BOUNDS:
        assert details(result, f"bound_After{field}") == {"inclusive": True}
        assert details(result, f"bound_Before{field}") == {"inclusive": False}
    assert details(result, "search_bound") == {"inclusive": True}


def test_orders_and_ties_are_found(tmp_path: Path) -> None:
    with Emulator(opportunities=250, seed=1, skew="instant", rps=None) as emulator:
        for key in by_change(emulator)[5:8]:
            emulator.change(key, {"OpportunityType": "Expansion"}, at="2026-06-01T08:59:00Z")
        result = run(emulator, tmp_path)
    assert details(result, "ties")["ties"]["CreatedDate ascending"] == "key ascending"
    assert details(result, "ties")["ties"]["LastModifiedDate descending"] == "key descending"
    assert details(result, "ties")["steady"] is True
    for key in ("order", "search_order"):
        assert details(result, key) == {"broken": [], "without_created_date": 0}
    assert details(result, "default_order") == {"newest_first": True, "records": 20, "more": True}
    assert details(result, "page_size") == {"records": 100, "more": True, "refused": []}


def test_a_search_that_answers_is_told_from_one_that_is_refused(tmp_path: Path) -> None:
    with Emulator(opportunities=250, seed=1, rps=None) as emulator:
        answers = run(emulator, tmp_path)
        emulator.denied["SearchOpportunities"] = "SEARCH_OPPORTUNITIES_NOT_ENABLED"
        refused = run(emulator, tmp_path)
        emulator.denied["SearchOpportunities"] = None
        denied = run(emulator, tmp_path)
    assert details(answers, "search") == {"status": "answered", "reason": ""}
    assert details(refused, "search") == {"status": "denied", "reason": "SEARCH_OPPORTUNITIES_NOT_ENABLED"}
    assert details(denied, "search") == {"status": "denied", "reason": "AccessDeniedException"}
    assert details(denied, "actions") == {"actions": {"SearchOpportunities": "partnercentral:SearchOpportunities"}}
    assert seen(refused)["search"].setting == "tables, without opportunity_search_summaries"
    assert {seen(refused)[key].verdict for key in ("search_lag", "search_cap", "search_order", "search_only")} == {
        "open"
    }


@pytest.mark.parametrize("has_it", [True, False])
def test_the_search_of_the_sandbox_is_asked_in_the_sandbox(*, has_it: bool, tmp_path: Path) -> None:
    with Emulator(opportunities=5, seed=1, rps=None) as emulator:
        emulator.search.in_sandbox = has_it
        sandbox, real = run(emulator, tmp_path, "Sandbox"), run(emulator, tmp_path, "AWS")
    assert details(sandbox, "search_sandbox")["status"] == ("answered" if has_it else "invalid")
    assert seen(real)["search_sandbox"].verdict == "open"
    assert details(sandbox, "page_size")["refused"] == []


def test_a_search_that_lags_is_found_with_its_age(tmp_path: Path) -> None:
    with Emulator(opportunities=250, seed=1, rps=None) as emulator:
        current = run(emulator, tmp_path)
        emulator.search.lag_seconds = 3 * 86_400
        for key in by_change(emulator)[20:23]:
            emulator.change(key, {"OpportunityType": "Expansion"})
        just_now = run(emulator, tmp_path)
        emulator.advance(days=1)
        long_ago = run(emulator, tmp_path)
    assert details(current, "search_lag")["behind"] == 0
    assert details(just_now, "search_lag")["behind"] == 3
    assert seen(just_now)["search_lag"].verdict == "ok"
    assert details(long_ago, "search_lag")["behind"] >= 3
    assert details(long_ago, "search_lag")["at_least_seconds"] >= 86_400
    assert seen(long_ago)["search_lag"].verdict == "contradicts"


@pytest.mark.parametrize(
    ("opportunities", "cap", "expected", "verdict"),
    [
        (250, None, {"results": 250, "ended": True, "capped": False}, "ok"),
        (250, 150, {"results": 150, "ended": True, "capped": True}, "contradicts"),
        (250, 50, {"results": 50, "ended": True, "capped": True}, "contradicts"),
        (1200, 1000, {"results": 1000, "ended": True, "capped": True}, "ok"),
        (1200, None, {"results": 1100, "ended": False}, "ok"),
    ],
)
def test_a_cap_of_the_search_is_found(
    opportunities: int, cap: int | None, expected: dict[str, Any], verdict: str, tmp_path: Path
) -> None:
    with Emulator(opportunities=opportunities, seed=1, rps=None) as emulator:
        emulator.search.cap = cap
        result = run(emulator, tmp_path)
        assert result.calls == len(emulator.calls) <= MOST_CALLS
    assert details(result, "search_cap") == expected
    assert seen(result)["search_cap"].verdict == verdict


def test_records_that_only_the_search_has_are_counted(tmp_path: Path) -> None:
    stream = "opportunity_search_summaries"
    with Emulator(opportunities=30, seed=1, rps=None) as emulator:
        plain = run(emulator, tmp_path)
        record = {**emulator.truth(stream=stream)[0], "Id": "O99999999"}
        emulator.put(record, stream=stream)
        more = run(emulator, tmp_path)
    assert details(plain, "search_only") == {"only_in_search": 0}
    assert details(more, "search_only") == {"only_in_search": 1}


def test_denied_operations_are_findings_and_named(tmp_path: Path) -> None:
    with Emulator(opportunities=30, seed=1, rps=None) as emulator:
        emulator.denied |= {"ListEngagements": None, "ListSolutions": None}
        result = run(emulator, tmp_path)
    found = details(result, "permissions")
    refused = {name for name, one in found.items() if one["status"] == "denied"}
    assert refused == {"ListEngagements", "ListSolutions"}
    assert {name for stream in STREAMS for name in stream.operations} <= found.keys()
    assert seen(result)["permissions"].verdict == "ok"
    assert details(result, "actions") == {
        "actions": {name: f"partnercentral:{name}" for name in ("ListEngagements", "ListSolutions")}
    }


def test_a_refusal_of_the_opportunities_is_a_finding_too(tmp_path: Path) -> None:
    with Emulator(opportunities=30, seed=1, rps=None) as emulator:
        emulator.denied["ListOpportunities"] = None
        result = run(emulator, tmp_path)
    assert seen(result)["permissions"].verdict == "contradicts"
    assert seen(result)["order"].text == "The policy does not allow the call."


def test_an_account_without_opportunities_says_what_cannot_be_told(tmp_path: Path) -> None:
    with Emulator(opportunities=0, seed=1, rps=None) as emulator:
        emulator.clear()
        result = run(emulator, tmp_path)
    found = seen(result)
    assert {found[key].verdict for key in ("token_kind", "token_lifetime", "order", "ties", "fractions")} == {"open"}
    assert {found[f"bound_{side}{field}"].verdict for side in ("After", "Before") for field in BOUNDS} == {"open"}
    assert {found[key].verdict for key in ("latency", "throttles", "last_token")} == {"ok"}
    unasked = {name for name, one in found["permissions"].details.items() if one["status"] == "not sent"}
    assert unasked == {"GetOpportunity", "GetAwsOpportunitySummary", "GetEngagement", "ListEngagementMembers"}
    assert all(one.text for one in found.values())


def test_throttles_are_described(tmp_path: Path) -> None:
    with Emulator(opportunities=30, seed=1, rps=None) as emulator:
        emulator.faults.append(Fault("throttle", calls=2, after=10))
        result = run(emulator, tmp_path)
    found = details(result, "throttles")
    assert (found["throttles"], found["forms"], found["retry_after"]) == (2, ["HTTP 400 ThrottlingException"], False)
    assert found["calls"] == result.calls
    assert seen(result)["throttles"].setting.startswith("calls_per_second")


def test_a_quota_below_the_pace_is_seen_in_throttles(tmp_path: Path) -> None:
    with Emulator(opportunities=3, seed=1, rps=15, burst=1) as emulator:
        result = run(emulator, tmp_path, calls_per_second=1000)
    assert details(result, "throttles")["throttles"] > 0
    assert seen(result)["throttles"].verdict == "contradicts"


@pytest.mark.parametrize(("now", "verdict"), [(None, "ok"), (datetime(2026, 6, 1, tzinfo=UTC), "contradicts")])
def test_clocks_that_differ_are_found(now: datetime | None, verdict: str, tmp_path: Path) -> None:
    with Emulator(opportunities=3, seed=1, now=now or datetime.now(UTC), rps=None) as emulator:
        result = run(emulator, tmp_path)
    assert seen(result)["clock"].verdict == verdict
    assert details(result, "clock")["date"] is True


def test_the_forms_of_the_last_token_are_told_apart(tmp_path: Path) -> None:
    with Emulator(opportunities=3, seed=1, rps=None) as emulator:
        emulator.empty_tokens.add("ListSolutions")
        result = run(emulator, tmp_path)
    assert details(result, "last_token")["forms"]["empty text"] == ["ListSolutions"]
    assert "ListEngagements" in details(result, "last_token")["forms"]["null"]


def test_missing_and_unknown_members_are_found(tmp_path: Path) -> None:
    with Emulator(opportunities=30, seed=1, rps=None) as emulator:
        emulator.overlay(by_change(emulator)[3], {"Catalog": None, "Novelty": MARK})
        result = run(emulator, tmp_path)
    assert details(result, "members") == {
        "missing": ["ListOpportunities.OpportunitySummaries.Catalog"],
        "unknown": 1,
    }
    assert seen(result)["members"].verdict == "contradicts"


def test_no_more_than_sixty_calls_are_made_and_all_count_among_those_of_the_day(tmp_path: Path) -> None:
    with Emulator(opportunities=1200, seed=1, rps=None) as emulator:
        emulator.on_call = lambda number, _: Fault("server_error") if number % 2 and number < 40 else None
        result = run(emulator, tmp_path)
        assert len(emulator.calls) == result.calls == MOST_CALLS
    unsent = [one for one in seen(result).values() if "calls were used up" in one.text]
    assert unsent
    file = Sandbox(tmp_path, "").pipelines_dir / "partner_central_calls.sqlite"
    with closing(sqlite3.connect(file)) as ledger:
        assert ledger.execute("SELECT sum(calls) FROM calls").fetchone() == (MOST_CALLS,)


def test_a_long_search_leaves_the_calls_that_tokens_need(tmp_path: Path) -> None:
    with Emulator(opportunities=1200, seed=1, rps=None) as emulator:
        emulator.on_call = lambda number, _: Fault("server_error") if number % 2 and number < 16 else None
        result = run(emulator, tmp_path)
    assert result.calls > MOST_CALLS - 5
    assert details(result, "search_cap")["ended"] is False
    assert details(result, "token_lifetime")["valid"] is True
    assert "No opportunity changed" in seen(result)["token_kind"].text


def test_a_day_without_calls_left_ends_the_probe_before_its_first(tmp_path: Path) -> None:
    with Emulator(opportunities=30, seed=1, rps=None) as emulator:
        spent = run(emulator, tmp_path, calls_per_day=20)
        with pytest.raises(CallBudgetExhausted, match="are spent"):
            run(emulator, tmp_path, calls_per_day=20)
        assert spent.calls == 20
        assert len(emulator.calls) == 20


def test_a_service_that_does_not_answer_the_first_call_is_an_error(tmp_path: Path) -> None:
    with Emulator(opportunities=30, seed=1, rps=None) as emulator:
        emulator.faults.append(Fault("server_error", calls=3))
        with pytest.raises(ServiceUnavailable):
            run(emulator, tmp_path)


@pytest.mark.parametrize("kind", ["server_error", "drop", "truncate", "short_json", "unavailable"])
def test_a_call_that_fails_later_is_a_finding(kind: Any, tmp_path: Path) -> None:
    with Emulator(opportunities=30, seed=1, rps=None) as emulator:
        emulator.faults.append(Fault(kind, calls=3, operation="SearchOpportunities"))
        result = run(emulator, tmp_path)
        assert result.calls == len(emulator.calls)
    assert seen(result)["search"].text == "The service did not answer."
    assert "Not answered: SearchOpportunities." in seen(result)["permissions"].text


ODD = [None, 5, True, "", "text", [1], {"a": 1}, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"]


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_records_with_any_value_are_probed(value: Any, tmp_path: Path) -> None:
    members = dict.fromkeys(("Id", "LastModifiedDate", "CreatedDate", "LifeCycle"), value)
    with Emulator(opportunities=12, seed=1, rps=None) as emulator:
        for number, key in enumerate(by_change(emulator)):
            emulator.overlay(key, members if number % 2 else {"LifeCycle": {"TargetCloseDate": value}})
            emulator.overlay(key, {"Id": value}, stream="opportunity_search_summaries")
        result = run(emulator, tmp_path)
    assert {one.verdict for one in seen(result).values()} >= {"ok", "contradicts"}
    assert json.dumps(document(result))


def leaves(value: Any) -> Iterator[str]:
    """Every value of a record, as text."""
    if isinstance(value, dict):
        for one in value.values():
            yield from leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def of_the_model() -> set[str]:
    """Every value that the service model lists, which is nobody's."""
    model = service_model()
    shapes = map(model.shape_for, model.shape_names)
    return {value for shape in shapes for value in getattr(shape, "enum", ())} | {"AWS", "Sandbox"}


def marked(emulator: Emulator) -> None:
    """Put an opportunity whose every value is found nowhere else, and that is among the first to be asked about."""
    account = {"CompanyName": f"{MARK} Bakery", "WebsiteUrl": f"https://{MARK}.example", "Address": {"City": MARK}}
    spend = {"Amount": AMOUNT, "CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": MARK}
    emulator.put(
        {
            "Customer": {"Account": account},
            "LifeCycle": {"Stage": "Qualified", "ReviewStatus": "Approved", "NextSteps": f"call {MARK}"},
            "PartnerOpportunityIdentifier": ANOTHER,
            "Project": {"ExpectedCustomerSpend": [spend]},
        }
    )


@pytest.mark.parametrize("catalog", ["AWS", "Sandbox"])
def test_neither_table_nor_file_holds_a_value_of_the_account(catalog: str, tmp_path: Path) -> None:
    with Emulator(opportunities=60, seed=1, skew="skewed", milliseconds=True, rps=None) as emulator:
        marked(emulator)
        emulator.overlay(by_change(emulator)[2], {"CreatedDate": None, MARK: MARK})
        emulator.denied["ListSolutions"] = None
        emulator.faults.append(Fault("validation", operation="GetEngagement"))
        result = run(emulator, tmp_path, catalog)
        values = {
            text for call in emulator.calls for text in leaves({**call.request, "Sort": None, "MaxResults": None})
        }
        for name in ("opportunities", *(stream.table for stream in STREAMS[1:])):
            values |= {text for record in emulator.truth(catalog, stream=name) for text in leaves(record)}
    values |= {*KEYS.values(), MARK, AMOUNT, ANOTHER, "123456789012"}
    values -= of_the_model() | {"OpportunityId", "LastModifiedDate"}
    told = json.dumps(document(result)) + "\n".join(table(result)) + summary(result)
    # A short number may be one of the counts, and a short word one of the sentences: longer values tell.
    telling = [one for one in values if len(one) > 3 and not re.fullmatch(r"\d{1,6}", one)]
    assert len(telling) > 300
    assert [one for one in telling if re.search(rf"(?<!\w){re.escape(one)}(?!\w)", told)] == []
    assert MARK.lower() not in told.lower()
