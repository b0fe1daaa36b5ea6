"""One call: the raw page, what is retried and counted, what a refusal becomes. Real boto3 against real servers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import botocore.session
import pytest
from botocore.credentials import CredentialResolver
from dlt.sources.credentials import AwsCredentials

from partner_central.client import PartnerCentral
from partner_central.errors import BrokenListing, ConfigurationError, PartnerCentralError, Refused, Unavailable
from partner_central.pacing import Pace
from partner_central.quota import Quota
from partner_central.session import connect, open_session
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


def boto(endpoint: str) -> PartnerCentralSellingAPIClient:
    """The boto3 client the source makes, of an endpoint."""
    keys = AwsCredentials()
    keys.aws_access_key_id, keys.aws_secret_access_key, keys.region_name = "AKIAEXAMPLE", "example", "us-east-1"
    return connect(open_session(keys), endpoint_url=endpoint, read_timeout=2)


def client(endpoint: str, clock: Clock | None = None, *, attempts: int = 4, rate: float = 1000) -> PartnerCentral:
    """A client of an endpoint that waits on `clock`."""
    clock = clock or Clock()
    return PartnerCentral(
        lambda: boto(endpoint),
        lambda _: Quota(Pace(rate, clock)),
        attempts=attempts,
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
    page = client(emulator.endpoint).list_opportunities(REQUEST)
    found = {record["Id"]: record for record in page.records if isinstance(record, dict)}
    assert len(found) == 100
    assert found[key]["NewMember"] == {"Deep": [1, None, "\u2028"]}
    assert all(record == truth[one] for one, record in found.items() if one != key)
    assert page.next_token
    assert page.served_at is not None
    assert abs((page.served_at - emulator.now()).total_seconds()) < 5


def test_the_last_page_has_no_token(emulator: Emulator) -> None:
    asking = client(emulator.endpoint)
    page, sizes = asking.list_opportunities(REQUEST), []
    while page.next_token:
        sizes.append(len(page.records))
        page = asking.list_opportunities({**REQUEST, "NextToken": page.next_token})
    assert [*sizes, len(page.records)] == [100, 100, 50]


@pytest.mark.parametrize("kind", PASSING)
def test_a_failure_that_passes_is_asked_again_and_counted(emulator: Emulator, kind: Kind) -> None:
    emulator.faults.append(Fault(kind, calls=2))
    asking = client(emulator.endpoint)
    assert len(asking.list_opportunities(REQUEST).records) == 100
    tally = asking.tally
    assert (tally.calls, tally.retries, tally.throttles) == (3, 2, 2 if kind == "throttle" else 0)
    assert [call.outcome for call in emulator.calls][-1] == "ok"


@pytest.mark.parametrize("kind", PASSING)
def test_a_failure_that_outlasts_the_attempts_is_unavailable_with_what_it_was(emulator: Emulator, kind: Kind) -> None:
    emulator.faults.append(Fault(kind, calls=100))
    clock = Clock()
    asking = client(emulator.endpoint, clock, attempts=3)
    with pytest.raises(Unavailable, match=r"in 3 attempts; the last failure was: .{10,}Run again later") as raised:
        asking.list_opportunities(REQUEST)
    assert (asking.tally.calls, asking.tally.retries) == (3, 3)
    assert raised.value.__cause__ is not None
    assert len([pause for pause in clock.sleeps if pause > 0.2]) == 2, "no waiting once the attempts are used up"


def test_nothing_but_this_client_retries(emulator: Emulator) -> None:
    emulator.faults.append(Fault("server_error", calls=100))
    with pytest.raises(Unavailable):
        client(emulator.endpoint, attempts=5).list_opportunities(REQUEST)
    assert len(emulator.calls) == 5


def test_an_endpoint_where_nothing_listens_is_unavailable() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        asking = client(f"http://127.0.0.1:{held.getsockname()[1]}", attempts=2)
        with pytest.raises(Unavailable, match="Could not connect to the endpoint URL"):
            asking.list_opportunities(REQUEST)
    assert asking.tally.calls == 2


def test_throttling_slows_the_following_calls(emulator: Emulator) -> None:
    emulator.faults.append(Fault("throttle", calls=3))
    clock = Clock()
    asking = client(emulator.endpoint, clock, rate=10)
    asking.list_opportunities(REQUEST)
    clock.sleeps.clear()
    for _ in range(2):
        asking.list_opportunities(REQUEST)
    assert all(pause > 0.2 for pause in clock.sleeps), "after three throttles at 10 a second: fewer than 5 a second"


def test_waiting_is_counted(emulator: Emulator) -> None:
    emulator.faults.append(Fault("server_error", calls=2))
    clock = Clock()
    asking = client(emulator.endpoint, clock)
    asking.list_opportunities(REQUEST)
    assert max(clock.sleeps) - 0.1 < asking.tally.waited <= sum(clock.sleeps) + 0.1


def test_the_connection_is_made_at_the_first_call_and_only_once(emulator: Emulator) -> None:
    made: list[PartnerCentralSellingAPIClient] = []

    def connecting() -> PartnerCentralSellingAPIClient:
        made.append(boto(emulator.endpoint))
        return made[-1]

    asking = PartnerCentral(connecting)
    assert made == []
    for _ in range(2):
        asking.list_opportunities(REQUEST)
    assert len(made) == 1


@pytest.mark.parametrize(
    ("kind", "error", "said"),
    [
        ("access_denied", Refused, ["partnercentral:ListOpportunities", "catalog AWS", '"Effect": "Allow"', "policy"]),
        (
            "not_a_partner",
            Refused,
            ["INCOMPATIBLE_BENEFIT_AWS_PARTNER_STATE", "not linked to a registered"],
        ),
        ("validation", Refused, ["ValidationException", "catalog AWS", "LifeCycleStage: ", "(ACTION_NOT_PERMITTED)"]),
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
        asking.list_opportunities(REQUEST)
    assert [part for part in said if part not in str(raised.value)] == []
    assert asking.tally.calls == len(emulator.calls) == 1


def test_an_unknown_catalog_is_refused_by_name(emulator: Emulator) -> None:
    with pytest.raises(Refused, match=r"on catalog Nowhere: ValidationException: .*Catalog"):
        client(emulator.endpoint).list_opportunities({**REQUEST, "Catalog": "Nowhere"})


def test_a_token_that_is_no_longer_accepted_breaks_the_listing(emulator: Emulator) -> None:
    asking = client(emulator.endpoint)
    token = asking.list_opportunities(REQUEST).next_token
    emulator.faults.append(Fault("expired_token"))
    with pytest.raises(BrokenListing, match=r"no longer accepts the token .*expired.*run it again"):
        asking.list_opportunities({**REQUEST, "NextToken": token})
    assert asking.tally.calls == 2


def test_without_credentials_nothing_is_sent_and_the_error_names_where_to_put_them(emulator: Emulator) -> None:
    session = botocore.session.get_session()
    session.set_config_variable("region", "us-east-1")
    session.register_component("credential_provider", CredentialResolver([]))
    asking = PartnerCentral(lambda: connect(session, endpoint_url=emulator.endpoint))
    with pytest.raises(ConfigurationError, match=r"AWS_PROFILE.*sources\.partner_central\.credentials"):
        asking.list_opportunities(REQUEST)
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
    assert asking.list_opportunities(REQUEST).records == [{"Id": "O1"}]
    assert (asking.tally.calls, asking.tally.retries) == (2, 1)


def test_a_number_of_thousands_of_digits_does_not_spoil_its_page(served: Callable[[int, bytes], str]) -> None:
    body = b'{"OpportunitySummaries": [{"Id": "O7", "New": %b}, {"Id": "O8"}]}' % (b"9" * 5000)
    found = client(served(200, body)).list_opportunities(REQUEST).records
    assert [record["Id"] for record in found if isinstance(record, dict)] == ["O7", "O8"]


def test_the_policy_to_paste_is_json_and_allows_reading_that_catalog_alone(emulator: Emulator) -> None:
    emulator.faults.append(Fault("access_denied"))
    with pytest.raises(Refused) as raised:
        client(emulator.endpoint).list_opportunities({**REQUEST, "Catalog": "Sandbox"})
    (statement,) = json.loads(str(raised.value).split(":\n", 1)[1])["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": "partnercentral:ListOpportunities",
        "Resource": "*",
        "Condition": {"StringEquals": {"partnercentral:Catalog": "Sandbox"}},
    }
