"""Receiving within bounds, deleting, giving back, and a sentence for each failure, with a client of the test's own."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, SSLError

from partner_central.errors import ConfigurationError, PartnerCentralError, RequestRejected, ServiceUnavailable
from partner_central_sync.events.address import parse_address
from partner_central_sync.events.batch import VISIBILITY_S, Limits
from partner_central_sync.events.connection import connect
from partner_central_sync.events.queue import NO_SUCH_HANDLE, EventQueue

URL = "https://sqs.us-east-1.amazonaws.com/123456789012/events"
HANDLE = "x" * 400


def message(number: int, identifier: str, source: str = "aws.partnercentral-selling") -> dict[str, Any]:
    event = {"source": source, "detail": {"catalog": "AWS", "opportunity": {"identifier": identifier}}}
    return {"MessageId": f"m{number}", "ReceiptHandle": f"{number}-{HANDLE}", "Body": json.dumps(event)}


def refusal(code: str, text: str = "", operation: str = "ReceiveMessage", status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": text}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)


class Client:
    """A queue of messages that are made when they are received, and the calls that were made."""

    def __init__(self, messages: Iterator[dict[str, Any]], failures: dict[str, list[Any]] | None = None) -> None:
        self.meta = SimpleNamespace(endpoint_url="https://sqs.us-east-1.amazonaws.com", region_name="us-east-1")
        self.messages, self.failures = messages, failures or {}
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def _answer(self, operation: str, request: dict[str, Any], otherwise: dict[str, Any]) -> dict[str, Any]:
        self.calls.append((operation, request))
        answers = self.failures.get(operation)
        answer = answers.pop(0) if answers else otherwise
        if isinstance(answer, Exception):
            raise answer
        return answer

    def receive_message(self, **request: Any) -> dict[str, Any]:
        return self._answer(
            "receive",
            request,
            {"Messages": [one for _, one in zip(range(request["MaxNumberOfMessages"]), self.messages, strict=False)]},
        )

    def delete_message_batch(self, **request: Any) -> dict[str, Any]:
        return self._answer("delete", request, {})

    def change_message_visibility_batch(self, **request: Any) -> dict[str, Any]:
        return self._answer("hide", request, {})


def queue(
    messages: Iterator[dict[str, Any]] | None = None, clock: Any = lambda: 0.0, **failures: list[Any]
) -> tuple[EventQueue, Client]:
    client: Any = Client(messages or iter(()), failures)
    made = EventQueue(URL, botocore.session.get_session(), "AWS", client=client, clock=clock, sleep=lambda _: None)
    return made, client


def test_a_hundred_thousand_messages_are_drained_in_bounded_memory_each_id_once_a_batch() -> None:
    made, client = queue(message(number, f"O{number % 5_000}") for number in range(100_000))
    limits, seen, batches = Limits(messages=2_000), 0, 0
    peaks: list[int] = []
    tracemalloc.start()
    while (batch := made.receive(limits)).received:
        seen += batch.received
        batches += 1
        assert len(batch.opportunity_ids) == len(batch.handles) == 2_000
        assert made.delete(batch.handles) == 0
        client.calls.clear()
        if batches == 2:  # to trace all of them takes half a minute
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert (seen, batches) == (100_000, 50)
    assert peaks[0] < 10_000_000


def test_a_batch_ends_at_its_ids_and_asks_for_no_more_messages_than_fit() -> None:
    made, client = queue(message(number, f"O{number // 2}") for number in count())
    assert made.receive(Limits(messages=25)).received == 25
    assert [request["MaxNumberOfMessages"] for _, request in client.calls] == [10, 10, 5]
    assert 12 <= made.receive(Limits(ids=12)).number_of_ids < 22


def test_a_batch_ends_some_seconds_after_its_first_message_however_many_follow() -> None:
    ticks = count()
    made, client = queue((message(number, "O1") for number in count()), clock=lambda: float(next(ticks)))
    assert made.receive(Limits(seconds=3)).received == 40
    assert {request["VisibilityTimeout"] for _, request in client.calls} == {VISIBILITY_S}


def test_only_garbage_ends_at_the_number_of_messages() -> None:
    made, _ = queue({"MessageId": f"m{number}", "ReceiptHandle": "h", "Body": "?"} for number in count())
    batch = made.receive(Limits(messages=50))
    assert (batch.received, len(batch.unreadable), batch.handles) == (50, 50, ())


def test_the_first_poll_waits_as_told_and_the_next_ones_shortly() -> None:
    made, client = queue(message(number, "O1") for number in range(15))
    assert made.receive(wait=60).received == 15
    assert [request["WaitTimeSeconds"] for _, request in client.calls] == [20, 1, 1]


def test_what_was_received_is_kept_when_a_later_call_fails() -> None:
    good = {"Messages": [message(1, "O1")]}
    made, _ = queue(receive=[good, refusal("InternalFailure", status=500), refusal("InternalFailure", status=500)])
    assert made.receive().opportunity_ids == ("O1",)
    with pytest.raises(ServiceUnavailable):
        made.receive()


def entry(number: int, *, is_ours: bool) -> dict[str, Any]:
    return {"Id": str(number), "SenderFault": is_ours, "Code": "x"}


def test_handles_that_sqs_fails_to_delete_are_tried_again_and_at_last_counted() -> None:
    partly = [{"Failed": [entry(1, is_ours=False), entry(2, is_ours=True)]}, {"Failed": [entry(0, is_ours=False)]}]
    made, client = queue(delete=[*partly, {"Failed": [entry(0, is_ours=False)]}])
    assert made.delete([f"h{number}" for number in range(12)]) == 2
    sent = [[one["ReceiptHandle"] for one in request["Entries"]] for _, request in client.calls]
    assert sent == [[f"h{number}" for number in range(10)], ["h1"], ["h1"], ["h10", "h11"]]


def test_a_handle_that_is_named_twice_is_deleted_once_and_none_makes_no_call() -> None:
    made, client = queue()
    assert (made.delete(["a", "a"]), made.delete([]), made.release([])) == (0, 0, 0)
    assert [[one["ReceiptHandle"] for one in request["Entries"]] for _, request in client.calls] == [["a"]]


def test_a_message_that_is_given_back_comes_after_half_a_minute() -> None:
    made, client = queue()
    made.release(["a"])
    assert client.calls == [
        ("hide", {"QueueUrl": URL, "Entries": [{"Id": "0", "ReceiptHandle": "a", "VisibilityTimeout": 30}]})
    ]


def test_permissions_are_tried_with_a_handle_that_does_not_exist() -> None:
    made, client = queue(delete=[{"Failed": [entry(0, is_ours=True)]}])
    made.prove()
    assert [request["Entries"][0]["ReceiptHandle"] for _, request in client.calls] == [NO_SUCH_HANDLE] * 2


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (refusal("AWS.SimpleQueueService.NonExistentQueue"), ConfigurationError, "There is no queue"),
        (refusal("QueueDoesNotExist"), ConfigurationError, "account 123456789012"),
        (refusal("AccessDenied", "not authorized"), RequestRejected, "sqs:DeleteMessage"),
        (
            refusal("AccessDenied", "User: arn:aws:sts::999999999999:assumed-role/r/s is not authorized"),
            RequestRejected,
            "credentials are of account 999999999999",
        ),
        (refusal("KMS.AccessDeniedException", "no"), RequestRejected, "Allow kms:Decrypt"),
        (refusal("AccessDenied", "not authorized to perform: kms:Decrypt"), RequestRejected, "Allow kms:Decrypt"),
        (refusal("KmsDisabled", "disabled"), ConfigurationError, "cannot be used"),
        (refusal("KMS.ThrottlingException"), ServiceUnavailable, "the messages stay"),
        (refusal("RequestThrottled"), ServiceUnavailable, "the messages stay"),
        (refusal("InternalFailure", status=500), ServiceUnavailable, "the messages stay"),
        (refusal("OverLimit"), ServiceUnavailable, "in flight"),
        (refusal("InvalidAddress", "not valid for this endpoint"), ConfigurationError, "copy the URL"),
        (refusal("404", "Not Found", status=404), ConfigurationError, "copy the URL"),
        (refusal("UnsupportedOperation", "no"), RequestRejected, "SQS refused ReceiveMessage"),
        (refusal("InvalidClientTokenId", "invalid", status=403), ConfigurationError, "does not accept"),
        (refusal("AccessDenied", "no", "AssumeRole"), ConfigurationError, "role could not be assumed"),
        (NoCredentialsError(), ConfigurationError, "No AWS credentials"),
        (EndpointConnectionError(endpoint_url=URL), ServiceUnavailable, "no connection"),
        (SSLError(endpoint_url=URL, error="WRONG_VERSION_NUMBER"), ConfigurationError, "does not speak TLS"),
    ],
    ids=str,
)
def test_each_failure_says_what_to_do(error: Exception, kind: type[PartnerCentralError], words: str) -> None:
    made, _ = queue(receive=[error])
    with pytest.raises(kind, match=words):
        made.receive()


def test_a_host_of_a_region_that_does_not_exist_is_a_wrong_setting() -> None:
    client: Any = Client(iter(()), {"receive": [EndpointConnectionError(endpoint_url="x")]})
    url = URL.replace("us-east-1", "us-eats-1")
    with pytest.raises(ConfigurationError, match="no SQS in the region us-eats-1"):
        EventQueue(url, botocore.session.get_session(), "AWS", client=client).receive()


@pytest.mark.parametrize(
    ("url", "region", "endpoint"),
    [
        (URL, "us-east-1", None),
        (f" {URL}\n", "us-east-1", None),
        ("https://queue.amazonaws.com/123456789012/events", "us-east-1", None),
        ("https://eu-west-1.queue.amazonaws.com/123456789012/events.fifo", "eu-west-1", None),
        ("https://sqs-fips.us-west-2.amazonaws.com/1/q", "us-west-2", "https://sqs-fips.us-west-2.amazonaws.com"),
        ("https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com/1/q", "eu-west-1", "https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com"),
        ("http://127.0.0.1:4566/000000000000/q", "us-east-1", "http://127.0.0.1:4566"),
    ],
)  # fmt: skip
def test_the_url_has_the_region_and_a_host_of_its_own(url: str, region: str, endpoint: str | None) -> None:
    address = parse_address(url)
    assert (address.region, address.endpoint) == (region, endpoint)


def test_the_arn_has_the_partition_of_the_host() -> None:
    assert parse_address(URL).arn == "arn:aws:sqs:us-east-1:123456789012:events"
    china = parse_address("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/events")
    assert china.arn == "arn:aws-cn:sqs:cn-north-1:123456789012:events"


@pytest.mark.parametrize(
    "url",
    ["", "events", "ftp://a/1/q", "https://a", "https://a/q", "https://a:x/1/q", "https://[/1/q", f"{URL}?x=1",
     "https://u:p@sqs.us-east-1.amazonaws.com/1/q", "https://a/1/a b"],
)  # fmt: skip
def test_what_is_not_the_url_of_a_queue_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is not the URL of a queue"):
        parse_address(url)


def test_an_arn_is_refused_with_the_url_to_use() -> None:
    with pytest.raises(ConfigurationError, match=URL):
        parse_address("arn:aws:sqs:us-east-1:123456789012:events")


@pytest.mark.parametrize("endpoint", ["localhost", "127.0.0.1:4566", "http://"])
def test_an_endpoint_of_the_environment_that_is_not_a_url_is_named(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", endpoint)
    with pytest.raises(ConfigurationError, match="AWS_ENDPOINT_URL_SQS"):
        connect(botocore.session.get_session(), parse_address(URL))
