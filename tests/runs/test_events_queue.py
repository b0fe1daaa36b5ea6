"""A deployed queue on a moto server: an event that is put on the bus is received, once its rule lets it through."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from aws_server import KEYS, client, deploy_events, moto_server, put_event
from partner_central.errors import ConfigurationError
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.events.queue import EventQueue
from partner_central_sync.events.state import QueueState
from partner_central_sync.sync.check import check
from sandbox import Sandbox


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with moto_server() as endpoint:
        yield endpoint


@pytest.fixture
def session() -> botocore.session.Session:
    made = botocore.session.Session()
    made.set_credentials(KEYS["aws_access_key_id"], KEYS["aws_secret_access_key"])
    return made


@pytest.fixture
def outputs(aws: str, request: pytest.FixtureRequest) -> dict[str, str]:
    name = request.node.name[:30].replace("_", "-")
    return deploy_events(aws, name, QueueName=name, RuleName=name, Catalog="AWS")


@pytest.fixture
def queue(
    aws: str, outputs: dict[str, str], session: botocore.session.Session, monkeypatch: pytest.MonkeyPatch
) -> EventQueue:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", aws)
    return EventQueue(outputs["QueueUrl"], session, "AWS")


def update(aws: str, identifier: str, catalog: str = "AWS") -> None:
    put_event(aws, {"catalog": catalog, "opportunity": {"identifier": identifier}}, "Opportunity Updated")


def test_events_of_the_catalog_arrive_and_are_deleted(aws: str, queue: EventQueue) -> None:
    for identifier in ("O1", "O2", "O1"):
        update(aws, identifier)
    update(aws, "O3", catalog="Sandbox")
    put_event(aws, {"catalog": "AWS", "opportunity": {"identifier": "O4"}}, "Opportunity Updated", "com.example")
    batch = queue.receive()
    assert sorted(batch.opportunity_ids) == ["O1", "O2"]
    assert (len(batch.handles), batch.kinds(), batch.foreign) == (3, {"Opportunity Updated": 3}, set())
    assert batch.oldest is not None
    assert (queue.describe().waiting, queue.describe().in_flight) == (0, 3)
    assert queue.delete(batch.handles) == 0
    assert queue.describe() == QueueState(0, 0, 14.0, f"{queue.address.name}-dead-letters", 0)


def test_a_message_that_is_given_back_comes_again_with_a_higher_count(aws: str, queue: EventQueue) -> None:
    update(aws, "O1")
    (first,) = queue.receive().events.values()
    assert queue.release([first.handle], 0) == 0
    (again,) = queue.receive().events.values()
    assert (again.message_id, first.receive_count, again.receive_count) == (first.message_id, 1, 2)
    assert queue.delete([again.handle]) == 0


def test_garbage_and_what_is_for_others_stay_in_the_queue(
    aws: str, queue: EventQueue, session: botocore.session.Session
) -> None:
    sqs = client(aws, "sqs")
    sqs.send_message(QueueUrl=queue.address.url, MessageBody="garbage")
    update(aws, "O1")
    batch = queue.receive()
    assert (len(batch.unreadable), batch.opportunity_ids) == (1, ("O1",))
    assert queue.delete(batch.handles) == 0
    assert queue.describe().in_flight == 1
    update(aws, "O2")
    sandbox = EventQueue(queue.address.url, session, "Sandbox")
    assert (len(sandbox.receive().foreign), queue.describe().in_flight) == (1, 2)


def test_dead_letters_are_counted(aws: str, queue: EventQueue, outputs: dict[str, str]) -> None:
    client(aws, "sqs").send_message(QueueUrl=outputs["DeadLetterQueueUrl"], MessageBody="garbage")
    assert queue.describe().dead_letters == 1


def test_a_queue_that_is_gone_and_its_gone_dead_letters_are_told(
    aws: str, queue: EventQueue, outputs: dict[str, str]
) -> None:
    sqs = client(aws, "sqs")
    sqs.delete_queue(QueueUrl=outputs["DeadLetterQueueUrl"])
    state = queue.describe()
    assert (state.dead_letters, "There is no queue" in state.uncounted) == (None, True)
    bus = client(aws, "events")  # else its rule fails every later event of the server
    bus.remove_targets(Rule=queue.address.name, Ids=["queue"])
    sqs.delete_queue(QueueUrl=queue.address.url)
    for call in (queue.receive, queue.describe, queue.prove, lambda: queue.delete(["h"])):
        with pytest.raises(ConfigurationError, match="There is no queue"):
            call()


def test_a_host_of_the_url_that_is_not_aws_s_is_called(aws: str, session: botocore.session.Session) -> None:
    url = client(aws, "sqs").create_queue(QueueName="elsewhere")["QueueUrl"]
    name = url.partition("//")[2].partition("/")[2]
    queue = EventQueue(f"{aws}/{name}", session, "AWS")
    assert queue.describe().dead_letter_queue is None
    queue.prove()


def test_messages_stay_hidden_while_a_load_lasts_and_no_longer(aws: str, queue: EventQueue) -> None:
    renewed: list[dict[str, Any]] = []
    seen = threading.Event()

    def watch(params: dict[str, Any], **_: Any) -> None:
        renewed.append(params)
        if len(renewed) > 1:
            seen.set()

    queue._client.meta.events.register("provide-client-params.sqs.ChangeMessageVisibilityBatch", watch)
    update(aws, "O1")
    batch = queue.receive()
    with queue.hold(batch.handles, every=0.001):
        assert seen.wait(60)
    held = len(renewed)
    assert [one["VisibilityTimeout"] for one in renewed[0]["Entries"]] == [300]
    queue.delete(batch.handles)
    assert len(renewed) == held


def findings(sandbox: Sandbox, url: str | None) -> list[tuple[str, str, str, ExitCode]]:
    """What the check of a sandbox says of its queue."""
    found = check(sandbox.settings(events_queue=url))
    return [(one.mark, one.subject, one.text, one.code) for one in found if one.subject in {"events", "dead letters"}]


def test_the_check_counts_messages_and_receives_none(
    aws: str, queue: EventQueue, outputs: dict[str, str], sandbox: Sandbox
) -> None:
    url = queue.address.url
    assert findings(sandbox, None) == []
    update(aws, "O1")
    waits = ("ok", "events", f"{url}: 1 messages wait, 0 are in flight", ExitCode.DONE)
    assert findings(sandbox, url) == [waits]
    client(aws, "sqs").send_message(QueueUrl=outputs["DeadLetterQueueUrl"], MessageBody="garbage")
    dead = f"1 in {queue.address.name}-dead-letters: messages that nobody could use"
    assert findings(sandbox, url) == [waits, ("--", "dead letters", dead, ExitCode.DONE)]
    (event,) = queue.receive().events.values()
    assert event.receive_count == 1


def test_the_check_names_the_key_that_it_cannot_try(aws: str, queue: EventQueue, sandbox: Sandbox) -> None:
    """SQS decrypts only what is received."""
    url = queue.address.url
    key = client(aws, "kms").create_key()["KeyMetadata"]["Arn"]
    client(aws, "sqs").set_queue_attributes(
        QueueUrl=url, Attributes={"SqsManagedSseEnabled": "false", "KmsMasterKeyId": key}
    )
    found = [one for one in check(sandbox.settings(events_queue=url)) if one.subject == "events key"]
    assert [(one.mark, one.code, key in one.text, "kms:Decrypt" in one.text) for one in found] == [
        ("--", ExitCode.DONE, True, True)
    ]


def test_the_check_fails_for_a_queue_that_cannot_be_used(
    aws: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", aws)
    (gone,) = findings(sandbox, "https://sqs.us-east-1.amazonaws.com/123456789012/none")
    assert (gone[0], gone[3]) == ("FAIL", ExitCode.CONFIGURATION)
    (wrong,) = findings(sandbox, "none")
    assert (wrong[0], wrong[3]) == ("FAIL", ExitCode.CONFIGURATION)
