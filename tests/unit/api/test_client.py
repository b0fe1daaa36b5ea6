"""One call: the raw page, what is retried and counted, what a refusal becomes. Real boto3 against real servers."""

from __future__ import annotations

import functools
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.credentials import CredentialResolver
from dlt.sources.credentials import AwsCredentials

from opportunity import OPERATION
from partner_central.api.call_ledger import CallBudget, CallLedger
from partner_central.api.client import PartnerCentral
from partner_central.api.connection import connect, open_session
from partner_central.api.quota import Quota
from partner_central.api.rate_limit import RateLimiter
from partner_central.errors import (
    CallBudgetExhausted,
    CallLimitReached,
    ConfigurationError,
    PaginationError,
    PartnerCentralError,
    RequestRejected,
    ServiceUnavailable,
)
from partner_central.metrics import SyncMetrics
from partner_central.public import page_call
from partner_central_emulator import Emulator, Fault, Kind

if TYPE_CHECKING:
    from mypy_boto3_partnercentral_selling import PartnerCentralSellingAPIClient

REQUEST = {"Catalog": "AWS", "MaxResults": 100}
PASSING: list[Kind] = ["throttle", "server_error", "unavailable", "drop", "truncate", "short_json", "hang"]


class Clock(threading.Event):
    """A clock that moves only while somebody waits on it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.sleeps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, timeout: float | None = None) -> bool:
        if timeout:
            self.sleeps.append(timeout)
            self.now += timeout
        return self.is_set()


@functools.cache
def session() -> botocore.session.Session:
    """A session with keys; one for all tests, as it takes time to read what botocore knows of the service."""
    keys = AwsCredentials()
    keys.aws_access_key_id, keys.aws_secret_access_key, keys.region_name = "AKIAEXAMPLE", "example", "us-east-1"
    return open_session(keys)


def boto(endpoint: str, read_timeout: float = 10) -> PartnerCentralSellingAPIClient:
    """The boto3 client the source makes, of an endpoint."""
    return connect(session(), endpoint_url=endpoint, read_timeout=read_timeout)


def client(
    endpoint: str,
    clock: Clock | None = None,
    *,
    attempts: int = 4,
    rate: float = 1000,
    calls_per_day: int = 1000,
    max_calls: int | None = None,
    read_timeout: float = 10,
) -> PartnerCentral:
    """A client of an endpoint that waits on `clock`."""
    clock = clock or Clock()
    return PartnerCentral(
        lambda: boto(endpoint, read_timeout),
        lambda _: Quota(RateLimiter(rate, clock), CallBudget(calls_per_day=calls_per_day)),
        attempts=attempts,
        max_calls=max_calls,
        metrics=SyncMetrics(clock=clock),
        stop=clock,
    )


@pytest.fixture
def served() -> Iterator[Callable[[int, bytes], str]]:
    """Starts servers that answer once with a status and body, then with a page of one record; gives the address."""
    servers: list[ThreadingHTTPServer] = []

    def serve(status: int, body: bytes) -> str:
        answers = [(200, b'{"OpportunitySummaries": [{"Id": "O1"}]}'), (status, body)]

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                code, content = answers.pop() if len(answers) > 1 else answers[0]
                self.send_response_only(code)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_page_holds_the_records_as_sent_the_token_and_the_service_s_clock(emulator: Emulator) -> None:
    truth = {record["Id"]: record for record in emulator.truth()}
    key = max(truth, key=lambda one: str(truth[one]["LastModifiedDate"]))
    emulator.overlay(key, {"NewMember": {"Deep": [1, None, "\u2028"]}})
    page = page_call(client(emulator.endpoint), OPERATION)(REQUEST)
    found = {record["Id"]: record for record in page.records if isinstance(record, dict)}
    assert len(found) == 100
    assert found[key]["NewMember"] == {"Deep": [1, None, "\u2028"]}
    assert all(record == truth[one] for one, record in found.items() if one != key)
    assert page.next_token
    assert page.served_at is not None
    assert abs((page.served_at - emulator.now()).total_seconds()) < 5


def test_the_last_page_has_no_token(emulator: Emulator) -> None:
    asking = client(emulator.endpoint)
    page, sizes = page_call(asking, OPERATION)(REQUEST), []
    while page.next_token:
        sizes.append(len(page.records))
        page = page_call(asking, OPERATION)({**REQUEST, "NextToken": page.next_token})
    assert [*sizes, len(page.records)] == [100, 100, 50]


@pytest.mark.parametrize("kind", PASSING)
def test_a_failure_that_passes_is_asked_again_and_counted(emulator: Emulator, kind: Kind) -> None:
    failures = 1 if kind == "hang" else 2
    emulator.faults.append(Fault(kind, calls=failures))
    asking = client(emulator.endpoint, read_timeout=2 if kind == "hang" else 10)
    assert len(page_call(asking, OPERATION)(REQUEST).records) == 100
    metrics = asking.metrics
    assert (metrics.calls, metrics.retries) == (failures + 1, failures)
    assert metrics.throttles == (failures if kind == "throttle" else 0)
    assert [call.outcome for call in emulator.calls][-1] == "ok"


@pytest.mark.parametrize("kind", PASSING)
def test_a_failure_that_outlasts_the_attempts_is_unavailable_with_what_it_was(emulator: Emulator, kind: Kind) -> None:
    emulator.faults.append(Fault(kind, calls=100))
    clock = Clock()
    asking = client(emulator.endpoint, clock, attempts=3, read_timeout=0.1 if kind == "hang" else 10)
    with pytest.raises(
        ServiceUnavailable, match=r"in 3 attempts; the last failure was: .{10,}Run again later"
    ) as raised:
        page_call(asking, OPERATION)(REQUEST)
    assert (asking.metrics.calls, asking.metrics.retries) == (3, 3)
    assert raised.value.__cause__ is not None
    waits = 1 if kind == "throttle" else 2  # throttled once, a call just takes its next turn
    assert len([pause for pause in clock.sleeps if pause > 0.2]) == waits, "no waiting once the attempts are used up"


def test_nothing_but_this_client_retries(emulator: Emulator) -> None:
    emulator.faults.append(Fault("server_error", calls=100))
    with pytest.raises(ServiceUnavailable):
        page_call(client(emulator.endpoint, attempts=5), OPERATION)(REQUEST)
    assert len(emulator.calls) == 5


def test_an_endpoint_where_nothing_listens_is_unavailable() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        asking = client(f"http://127.0.0.1:{held.getsockname()[1]}", attempts=2)
        with pytest.raises(ServiceUnavailable, match="Could not connect to the endpoint URL"):
            page_call(asking, OPERATION)(REQUEST)
    assert asking.metrics.calls == 2


def test_throttling_slows_the_following_calls_and_answers_make_them_faster_again(emulator: Emulator) -> None:
    emulator.faults.append(Fault("throttle", calls=3))
    quota = Quota(RateLimiter(10, clock := Clock()))
    asking = PartnerCentral(lambda: boto(emulator.endpoint), lambda _: quota, stop=clock)
    page_call(asking, OPERATION)(REQUEST)
    slowed = quota.pace.rate
    assert slowed < 6
    clock.sleeps.clear()
    for _ in range(2):
        page_call(asking, OPERATION)(REQUEST)
    assert clock.sleeps[-1] == pytest.approx(1 / slowed, rel=0.1)
    assert slowed < quota.pace.rate < 10


@pytest.mark.parametrize("kind", [kind for kind in PASSING if kind not in {"throttle", "hang"}])
def test_other_failures_slow_nothing(emulator: Emulator, kind: Kind) -> None:
    emulator.faults.append(Fault(kind, calls=2))
    quota = Quota(RateLimiter(10, clock := Clock()))
    asking = PartnerCentral(lambda: boto(emulator.endpoint), lambda _: quota, stop=clock)
    page_call(asking, OPERATION)(REQUEST)
    assert quota.pace.rate == 10


def test_waiting_is_counted(emulator: Emulator) -> None:
    emulator.faults.append(Fault("server_error", calls=2))
    clock = Clock()
    asking = client(emulator.endpoint, clock)
    page_call(asking, OPERATION)(REQUEST)
    assert asking.metrics.waited == pytest.approx(sum(clock.sleeps))
    assert asking.metrics.waited > 0.75


def test_every_call_is_taken_from_the_day_also_one_that_fails(emulator: Emulator) -> None:
    emulator.faults.append(Fault("server_error", calls=2))
    asking = client(emulator.endpoint, calls_per_day=4)
    page_call(asking, OPERATION)(REQUEST)
    assert asking.metrics.calls_left == 1
    page_call(asking, OPERATION)(REQUEST)
    with pytest.raises(CallBudgetExhausted, match="The 4 calls of 24 hours are spent"):
        page_call(asking, OPERATION)(REQUEST)
    assert asking.metrics.calls == len(emulator.calls) == 4


def test_a_share_of_the_day_is_kept_from_all_that_may_not_take_it(emulator: Emulator) -> None:
    quota = Quota(budget=CallBudget(calls_per_day=5))

    def of_share(share: float) -> PartnerCentral:
        return PartnerCentral(lambda: boto(emulator.endpoint), lambda _: quota, share_of_calls=share)

    for number in range(2):
        page_call(of_share(0.5), OPERATION)(REQUEST)
        assert len(emulator.calls) == number + 1
    with pytest.raises(CallBudgetExhausted, match="The last 3 calls of 24 hours are kept for what is read first"):
        page_call(of_share(0.5), OPERATION)(REQUEST)
    for _ in range(3):
        page_call(of_share(1.0), OPERATION)(REQUEST)
    assert len(emulator.calls) == 5


def test_a_run_ends_after_the_calls_it_is_allowed_retries_included(emulator: Emulator) -> None:
    emulator.faults.append(Fault("throttle", calls=1))
    asking = client(emulator.endpoint, max_calls=3)
    for _ in range(2):
        page_call(asking, OPERATION)(REQUEST)
    with pytest.raises(CallBudgetExhausted, match=r"Stopped as told, after 3 calls \(max_calls\)"):
        page_call(asking, OPERATION)(REQUEST)
    assert asking.metrics.calls == len(emulator.calls) == 3
    assert asking.metrics.calls_left == 997, "what was not asked is not taken from the day"


def test_calls_that_wait_side_by_side_count_among_those_of_the_run(emulator: Emulator) -> None:
    second_came_so_far = threading.Event()

    class Patient(Clock):
        def wait(self, timeout: float | None = None) -> bool:
            second_came_so_far.wait()
            return super().wait(timeout)

    class Counted(CallBudget):
        def take(self) -> None:
            super().take()
            if self.left < 999:
                second_came_so_far.set()

    quota = Quota(budget=Counted(calls_per_day=1000))
    asking = PartnerCentral(lambda: boto(emulator.endpoint), lambda _: quota, max_calls=1, stop=Patient())

    def ask() -> str:
        try:
            return f"{len(page_call(asking, OPERATION)(REQUEST).records)} records"
        except CallLimitReached:
            second_came_so_far.set()
            return "stopped"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(one.result() for one in [pool.submit(ask), pool.submit(ask)]) == ["100 records", "stopped"]
    assert asking.metrics.calls == len(emulator.calls) == 1


def test_a_call_that_is_not_sent_is_left_to_the_next_client_of_the_run(emulator: Emulator) -> None:
    metrics = SyncMetrics()
    stopped = PartnerCentral(lambda: boto(emulator.endpoint), max_calls=1, metrics=metrics)
    stopped.close()
    with pytest.raises(ServiceUnavailable, match="stopped"):
        page_call(stopped, OPERATION)(REQUEST)
    assert metrics.calls == 0
    asking = PartnerCentral(lambda: boto(emulator.endpoint), max_calls=1, metrics=metrics)
    assert len(page_call(asking, OPERATION)(REQUEST).records) == 100


def test_a_closed_client_asks_for_nothing_and_remembers_the_calls_of_the_day(
    emulator: Emulator, tmp_path: Path
) -> None:
    quota = Quota(budget=CallBudget(CallLedger(tmp_path / "calls", "account"), 100))
    asking = PartnerCentral(lambda: boto(emulator.endpoint), lambda _: quota)
    page_call(asking, OPERATION)(REQUEST)
    asking.close()
    assert CallBudget(CallLedger(tmp_path / "calls", "account"), 100).left == 99
    with pytest.raises(ServiceUnavailable, match="stopped"):
        page_call(asking, OPERATION)(REQUEST)
    assert len(emulator.calls) == 1


def test_calls_that_cannot_be_remembered_for_later_runs_are_told(emulator: Emulator, tmp_path: Path) -> None:
    quota = Quota(budget=CallBudget(CallLedger(tmp_path, "account"), 100))
    asking = PartnerCentral(lambda: boto(emulator.endpoint), lambda _: quota)
    page_call(asking, OPERATION)(REQUEST)
    asking.close()
    (note,) = asking.metrics.notes
    assert note.startswith("The call count could not be saved ([Errno 21] Is a directory")
    assert note.endswith("Later runs may exceed the daily quota.")


def test_a_client_that_was_never_used_can_be_closed() -> None:
    PartnerCentral(lambda: pytest.fail("connected")).close()


def test_closing_ends_the_waiting_of_other_threads(emulator: Emulator) -> None:
    class Watched(threading.Event):
        waiting = threading.Event()

        def wait(self, timeout: float | None = None) -> bool:
            if timeout:
                self.waiting.set()
            return super().wait(timeout and 600)

    emulator.faults.append(Fault("server_error", calls=100))
    asking, failures = PartnerCentral(lambda: boto(emulator.endpoint), stop=Watched()), list[Exception]()

    def ask() -> None:
        try:
            page_call(asking, OPERATION)(REQUEST)
        except ServiceUnavailable as error:
            failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert Watched.waiting.wait(30)
    asking.close()
    thread.join(30)
    assert [str(failure) for failure in failures] == ["The reading was stopped."]


def test_many_threads_ask_side_by_side_over_one_connection_each(emulator: Emulator) -> None:
    together = threading.Barrier(8)
    made: list[int] = []

    def hold(_: int, __: dict[str, Any]) -> None:
        together.wait(30)

    def connecting() -> PartnerCentralSellingAPIClient:
        made.append(1)
        return boto(emulator.endpoint, read_timeout=60)

    emulator.on_call = hold
    asking = PartnerCentral(connecting, lambda _: Quota(RateLimiter(1000)))
    with ThreadPoolExecutor(8) as threads:
        pages = list(threads.map(page_call(asking, OPERATION), [REQUEST] * 8))
    assert [len(page.records) for page in pages] == [100] * 8
    assert (len(made), asking.metrics.calls, len(emulator.calls)) == (1, 8, 8)


@pytest.mark.parametrize(("rate", "expected"), [(1e-4, 2), (1e9, 16)])
def test_as_many_readers_are_called_for_as_rate_and_latency_can_keep_busy(
    emulator: Emulator, rate: float, expected: int
) -> None:
    asking = client(emulator.endpoint, rate=rate)
    assert asking.concurrency() == 1
    page_call(asking, OPERATION)(REQUEST)
    assert asking.concurrency() == expected


def test_neither_a_slow_first_call_nor_a_slow_machine_calls_for_more_readers(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call takes a quarter of a second, the first one four; making something of an answer takes two."""
    now = 0.0
    asking = client(emulator.endpoint, rate=10)
    monkeypatch.setattr("partner_central.api.client.time", SimpleNamespace(monotonic=lambda: now))

    def answer(took: float) -> None:
        nonlocal now

        def serve(_: int, __: dict[str, Any]) -> None:
            nonlocal now
            now += took

        def parse(_: object) -> None:
            nonlocal now
            now += 2

        emulator.on_call = serve
        asking.call("ListOpportunities", REQUEST, parse)

    answer(4)
    assert asking.concurrency() == 16
    answer(0.25)
    assert asking.concurrency() == 4
    for _ in range(20):
        answer(0.25)
    assert asking.concurrency() == 4
    for _ in range(5):
        answer(0.6)
    assert asking.concurrency() == 8


def test_throttling_calls_for_fewer_readers(emulator: Emulator) -> None:
    quota = Quota(RateLimiter(1e6, clock := Clock()))
    asking = PartnerCentral(lambda: boto(emulator.endpoint), lambda _: quota, stop=clock)
    page_call(asking, OPERATION)(REQUEST)
    assert asking.concurrency() == 16
    quota.pace.limit(1e-4)
    assert asking.concurrency() == 2


def test_calls_leave_evenly_however_long_each_takes_to_prepare(emulator: Emulator) -> None:
    clock, arrived = Clock(), list[float]()
    quota, service = Quota(RateLimiter(10, clock)), boto(emulator.endpoint)
    quota.pace.throttled(quota.pace.next_slot())
    preparing = iter([0.06, 0.0] * 4)

    def prepare(**_: object) -> None:
        clock.now += next(preparing)

    service.meta.events.register("before-call.partnercentral-selling.*", prepare)
    emulator.on_call = lambda *_: arrived.append(clock.now)
    asking = PartnerCentral(lambda: service, lambda _: quota, stop=clock)
    for _ in range(8):
        page_call(asking, OPERATION)(REQUEST)
    assert [later - earlier for earlier, later in pairwise(arrived)] == pytest.approx([0.1] * 7)


def test_a_call_whose_keys_are_refreshed_holds_up_no_other(emulator: Emulator) -> None:
    service, is_answered, waited = boto(emulator.endpoint), threading.Event(), list[bool]()

    def refresh(**_: object) -> None:
        if threading.current_thread() is not threading.main_thread():
            waited.append(is_answered.wait(timeout=30))

    service.meta.events.register("before-sign.partnercentral-selling.*", refresh)
    asking = PartnerCentral(lambda: service)
    with ThreadPoolExecutor(1) as pool:
        refreshing = pool.submit(page_call(asking, OPERATION), REQUEST)
        page_call(asking, OPERATION)(REQUEST)
        is_answered.set()
        refreshing.result()
    assert waited == [True]
    assert len(emulator.calls) == 2


def test_a_call_that_fails_before_it_is_sent_is_none_of_the_run(emulator: Emulator) -> None:
    asking = client(emulator.endpoint, max_calls=1)
    with pytest.raises(PartnerCentralError):
        page_call(asking, OPERATION)({"MaxResults": 100})
    assert asking.metrics.calls == 0
    assert len(page_call(asking, OPERATION)(REQUEST).records) == 100
    assert asking.metrics.calls == 1


def test_a_call_that_waits_for_its_slot_when_the_client_is_closed_does_not_leave(emulator: Emulator) -> None:
    asking = client(emulator.endpoint, clock := Clock(), rate=10)
    service = boto(emulator.endpoint)
    service.meta.events.register("before-sign.partnercentral-selling.*", lambda **_: clock.set())
    asking._connect = lambda: service
    with pytest.raises(ServiceUnavailable, match="stopped"):
        page_call(asking, OPERATION)(REQUEST)
    assert emulator.calls == []
    assert asking.metrics.calls == 0


def test_the_connection_is_made_at_the_first_call_and_only_once(emulator: Emulator) -> None:
    made: list[PartnerCentralSellingAPIClient] = []

    def connecting() -> PartnerCentralSellingAPIClient:
        made.append(boto(emulator.endpoint))
        return made[-1]

    asking = PartnerCentral(connecting)
    assert made == []
    for _ in range(2):
        page_call(asking, OPERATION)(REQUEST)
    assert len(made) == 1


@pytest.mark.parametrize(
    ("kind", "error", "said"),
    [
        (
            "access_denied",
            RequestRejected,
            ["partnercentral:ListOpportunities", "catalog AWS", '"Effect": "Allow"', "policy"],
        ),
        (
            "not_a_partner",
            RequestRejected,
            ["INCOMPATIBLE_BENEFIT_AWS_PARTNER_STATE", "not linked to a registered"],
        ),
        (
            "validation",
            RequestRejected,
            ["ValidationException", "catalog AWS", "LifeCycleStage: ", "(ACTION_NOT_PERMITTED)"],
        ),
        ("expired_credentials", ConfigurationError, ["ExpiredTokenException", "expired", "Renew them"]),
        ("unrecognized_client", ConfigurationError, ["UnrecognizedClientException", "mistyped"]),
    ],
)
def test_a_refusal_is_said_at_once_with_what_to_do(
    emulator: Emulator, kind: Kind, error: type[PartnerCentralError], said: list[str]
) -> None:
    emulator.faults.append(Fault(kind))
    asking = client(emulator.endpoint)
    with pytest.raises(error) as raised:
        page_call(asking, OPERATION)(REQUEST)
    assert [part for part in said if part not in str(raised.value)] == []
    assert asking.metrics.calls == len(emulator.calls) == 1


def test_an_unknown_catalog_is_refused_by_name(emulator: Emulator) -> None:
    with pytest.raises(RequestRejected, match=r"on catalog Nowhere: ValidationException: .*Catalog"):
        page_call(client(emulator.endpoint), OPERATION)({**REQUEST, "Catalog": "Nowhere"})


def test_a_token_that_is_no_longer_accepted_breaks_the_listing(emulator: Emulator) -> None:
    asking = client(emulator.endpoint)
    token = page_call(asking, OPERATION)(REQUEST).next_token
    emulator.faults.append(Fault("expired_token"))
    with pytest.raises(PaginationError, match=r"no longer accepts the token .*expired.*run it again"):
        page_call(asking, OPERATION)({**REQUEST, "NextToken": token})
    assert asking.metrics.calls == 2


def test_without_credentials_nothing_is_sent_and_the_error_names_where_to_put_them(emulator: Emulator) -> None:
    nobody = botocore.session.get_session()
    nobody.set_config_variable("region", "us-east-1")
    nobody.register_component("credential_provider", CredentialResolver([]))
    asking = PartnerCentral(lambda: connect(nobody, endpoint_url=emulator.endpoint))
    with pytest.raises(ConfigurationError, match=r"AWS_PROFILE.*sources\.partner_central\.credentials"):
        page_call(asking, OPERATION)(REQUEST)
    assert emulator.calls == []


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"[]"),
        (200, b"null"),
        (200, b'{"OpportunitySummaries": {}}'),
        (200, b"<html>log in to the hotel's network</html>"),
        (200, b"\xff\xfe"),
        (200, b"[" * 100_000),
        (502, b""),
        (502, b"<html>Bad Gateway</html>"),
        (502, "<!DOCTYPE html><p>Dienst nicht verfügbar</p>".encode("latin-1")),
        (502, b"[]"),
        (502, b"null"),
        (502, b'"Bad Gateway"'),
        (504, b'{"message": "Endpoint request timed out"}'),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_an_answer_that_is_no_page_is_asked_for_again(
    served: Callable[[int, bytes], str], status: int, body: bytes
) -> None:
    asking = client(served(status, body))
    assert page_call(asking, OPERATION)(REQUEST).records == [{"Id": "O1"}]
    assert (asking.metrics.calls, asking.metrics.retries) == (2, 1)


def test_a_number_of_thousands_of_digits_does_not_spoil_its_page(served: Callable[[int, bytes], str]) -> None:
    body = b'{"OpportunitySummaries": [{"Id": "O7", "New": %b}, {"Id": "O8"}]}' % (b"9" * 5000)
    found = page_call(client(served(200, body)), OPERATION)(REQUEST).records
    assert [record["Id"] for record in found if isinstance(record, dict)] == ["O7", "O8"]


def test_the_digits_of_a_number_and_the_values_of_a_name_that_is_there_twice_arrive(
    served: Callable[[int, bytes], str],
) -> None:
    body = b'{"OpportunitySummaries": [{"Id": "O7", "New": 12345678901234567.89, "Half": 0.5}, {"Id": "1", "Id": "2"}]}'
    first, second = page_call(client(served(200, body)), OPERATION)(REQUEST).records
    assert first == {"Id": "O7", "New": Decimal("12345678901234567.89"), "Half": 0.5}
    assert isinstance(second, dict)
    assert sorted(second.values()) == ["1", "2"]


def test_the_policy_to_paste_is_json_and_allows_reading_that_catalog_alone(emulator: Emulator) -> None:
    emulator.faults.append(Fault("access_denied"))
    with pytest.raises(RequestRejected) as raised:
        page_call(client(emulator.endpoint), OPERATION)({**REQUEST, "Catalog": "Sandbox"})
    (statement,) = json.loads(str(raised.value).split(":\n", 1)[1])["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": "partnercentral:ListOpportunities",
        "Resource": "*",
        "Condition": {"StringEquals": {"partnercentral:Catalog": "Sandbox"}},
    }


def test_after_two_failed_attempts_a_line_says_what_is_waited_for() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        host = f"127.0.0.1:{nobody.getsockname()[1]}"
        clock = Clock()
        told: list[tuple[int, str | None]] = []
        partner_central = client(f"http://{host}", clock, attempts=4)
        partner_central.metrics.watch = lambda metrics: told.append((metrics.retries, metrics.trouble))
        with pytest.raises(ServiceUnavailable, match="in 4 attempts"):
            page_call(partner_central, OPERATION)(REQUEST)
    sentences = dict.fromkeys(sentence for _, sentence in told)
    assert next(iter(sentences)) is None, "nothing is said of the first failure"
    wanted = [rf"no connection to {host}, attempt {number} of 4, again in \d+ s" for number in (3, 4)]
    for pattern, sentence in zip(wanted, [one for one in sentences if one], strict=True):
        assert re.fullmatch(pattern, sentence)
    assert min(failures for failures, sentence in told if sentence) == 2
