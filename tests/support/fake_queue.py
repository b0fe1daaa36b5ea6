"""A queue of events in this process, behind the client of SQS that `EventQueue` uses."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import botocore.session

from partner_central_sync.events.queue import EventQueue

URL = "https://sqs.us-east-1.amazonaws.com/123456789012/partner-central-events"


class FakeSqs:
    """Messages that wait, are in flight, or are deleted. One that is given back waits again."""

    def __init__(self) -> None:
        self.meta = SimpleNamespace(endpoint_url=URL, region_name="us-east-1")
        self.waiting: list[dict[str, Any]] = []
        self.in_flight: dict[str, dict[str, Any]] = {}
        self.deleted: list[str] = []
        self.failure: Exception | None = None
        self.most_in_flight = 0
        self._sent = 0

    def send(self, detail: dict[str, Any], kind: str = "Opportunity Updated", at: datetime | None = None) -> None:
        """Puts an event into the queue."""
        self._sent += 1
        body = {
            "source": "aws.partnercentral-selling",
            "detail-type": kind,
            "time": (at or datetime.now(UTC)).isoformat(),
            "detail": {"catalog": "AWS", **detail},
        }
        self.waiting.append({"MessageId": str(self._sent), "Body": json.dumps(body), "count": 0})

    def send_update(self, identifier: str, at: datetime | None = None) -> None:
        """Puts the event of an opportunity into the queue."""
        self.send({"opportunity": {"identifier": identifier}}, at=at)

    def receive_message(self, MaxNumberOfMessages: int, **_: object) -> dict[str, Any]:  # noqa: N803 - of SQS
        if self.failure is not None:
            raise self.failure
        given = [self.waiting.pop(0) for _ in range(min(MaxNumberOfMessages, len(self.waiting)))]
        for message in given:
            message["count"] += 1
            self.in_flight[message["MessageId"]] = message
        self.most_in_flight = max(self.most_in_flight, len(self.in_flight))
        return {
            "Messages": [
                {
                    "MessageId": one["MessageId"],
                    "ReceiptHandle": one["MessageId"],
                    "Body": one["Body"],
                    "Attributes": {"ApproximateReceiveCount": str(one["count"])},
                }
                for one in given
            ]
        }

    def delete_message_batch(self, Entries: list[dict[str, str]], **_: object) -> dict[str, Any]:  # noqa: N803
        for entry in Entries:
            self.deleted.append(self.in_flight.pop(entry["ReceiptHandle"])["MessageId"])
        return {}

    def change_message_visibility_batch(self, Entries: list[dict[str, Any]], **_: object) -> dict[str, Any]:  # noqa: N803
        for entry in Entries:
            self.waiting.append(self.in_flight.pop(entry["ReceiptHandle"]))
        return {}

    def come_back(self) -> None:
        """Lets every message in flight wait again, as when its time is over."""
        self.waiting += self.in_flight.values()
        self.in_flight.clear()


def queue_of(sqs: FakeSqs) -> EventQueue:
    """The queue, as a run opens it."""
    client: Any = sqs
    return EventQueue(URL, botocore.session.Session(), "AWS", client=client, sleep=lambda _: None)
