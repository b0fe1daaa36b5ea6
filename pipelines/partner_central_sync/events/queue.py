"""A queue of events: receives in batches, deletes what is loaded, gives back what could not be read yet."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from partner_central.public import PartnerCentralError

from .address import parse_address
from .batch import VISIBILITY_S, Batch, Limits, chunks
from .connection import LONG_WAIT_S, connect
from .errors import to_queue_error
from .message import read_message
from .state import QueueState

if TYPE_CHECKING:
    import botocore.session
    from mypy_boto3_sqs import SQSClient

log = logging.getLogger(__name__)
PER_CALL = 10  # the most that SQS takes and gives
SHORT_WAIT_S = 1  # a poll without waiting does not look at every server of SQS
GIVE_BACK_S = 30  # an opportunity can be read 3 to 30 seconds after its event
ATTEMPTS, PAUSE_S = 3, 0.2
NO_LIMITS = Limits()
NO_SUCH_HANDLE = "none"


class EventQueue:
    """The queue of one catalog's events.

    Only events of the catalog are ever deleted. Messages of another catalog or source may be for another reader of the
    queue, and unreadable ones are for somebody to look at. Both stay: they are hidden for `VISIBILITY_S`, then come
    back, and the redrive policy of the queue moves them to its dead-letter queue, which keeps them.

    Args:
        url: of the queue.
        session: with the credentials of the source.
        catalog: whose events are wanted.
        client: instead of one made from the session.
        clock: seconds that never run backwards.
        sleep: waits for some seconds.

    Raises:
        ConfigurationError: the URL is not one of a queue.
    """

    def __init__(
        self,
        url: str,
        session: botocore.session.Session,
        catalog: str,
        *,
        client: SQSClient | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.address = parse_address(url)
        self._client = client or connect(session, self.address)
        self._catalog = catalog
        self._clock, self._sleep = clock, sleep
        self._held: set[str] = set()

    def receive(self, limits: Limits = NO_LIMITS, *, wait: int = SHORT_WAIT_S) -> Batch:
        """Returns messages until none are left, or until the limits.

        Once there are messages, a failure ends the batch: what was received is loaded, and the next call fails or not.

        Args:
            limits: bounds of the batch. Up to nine messages more than the ids allow may come with the last call.
            wait: seconds, at most 20, to wait for the first message.

        Raises:
            PartnerCentralError: the queue cannot be read.
        """
        batch, end, wait = Batch(), None, min(wait, LONG_WAIT_S)
        while not batch.is_full(limits):
            try:
                messages = self._receive(wait, min(PER_CALL, limits.messages - batch.received))
            except PartnerCentralError:
                if not batch.received:
                    raise
                break
            for message in messages:
                batch.add(read_message(message, self._catalog))
            now = self._clock()
            end = now + limits.seconds if end is None else end
            batch.is_last = not messages
            if batch.is_last or now >= end:
                break
            wait = SHORT_WAIT_S
        return batch

    def delete(self, handles: Iterable[str]) -> int:
        """Deletes messages, whose rows are committed; returns how many could not be deleted, which come again.

        Raises:
            PartnerCentralError: the queue cannot be used.
        """
        return self._in_batches(self._let_go(handles), self._delete_some)

    def release(self, handles: Iterable[str], seconds: int = GIVE_BACK_S) -> int:
        """Lets messages come again after some seconds; returns how many come when their time is over instead.

        Raises:
            PartnerCentralError: the queue cannot be used.
        """
        return self._in_batches(self._let_go(handles), lambda some: self._hide(some, seconds))

    @contextmanager
    def hold(self, handles: Iterable[str], every: float = VISIBILITY_S / 3) -> Iterator[None]:
        """Keeps messages hidden from other readers while the block runs, or until they are deleted or given back.

        A failure to do so is logged. The messages may then be read twice, which changes nothing.
        """
        mine, ended = tuple(handles), threading.Event()
        self._held.update(mine)

        def renew() -> None:
            while not ended.wait(every):
                try:
                    held = [one for one in mine if one in self._held]
                    self._in_batches(held, lambda some: self._hide(some, VISIBILITY_S))
                except PartnerCentralError as error:
                    log.warning("Messages may be received twice: %s", error)

        thread = threading.Thread(target=renew, name="events-hold", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            self._held.difference_update(mine)

    def describe(self) -> QueueState:
        """Returns how many messages wait, and how many are dead. SQS itself does not say how old the oldest is.

        Raises:
            PartnerCentralError: the queue cannot be read.
        """
        attributes = self._attributes(self.address.url)
        state = QueueState(
            waiting=int(attributes["ApproximateNumberOfMessages"]),
            in_flight=int(attributes["ApproximateNumberOfMessagesNotVisible"]),
            retention_days=int(attributes.get("MessageRetentionPeriod", 0)) / 86_400,
            key=attributes.get("KmsMasterKeyId"),
        )
        arn = str(json.loads(attributes.get("RedrivePolicy") or "{}").get("deadLetterTargetArn") or "")
        if not arn:
            return state
        state, url = state._replace(dead_letter_queue=arn.rpartition(":")[2]), self.address.sibling(arn)
        if not url:
            return state._replace(uncounted=f"{arn} is in another region")
        try:
            return state._replace(dead_letters=int(self._attributes(url)["ApproximateNumberOfMessages"]))
        except PartnerCentralError as error:
            return state._replace(uncounted=str(error).partition("\n")[0])

    def prove(self) -> None:
        """Tries the permissions to delete and to give back, with a message that does not exist.

        Raises:
            PartnerCentralError: one of them is missing.
        """
        self._delete_some([NO_SUCH_HANDLE])
        self._hide([NO_SUCH_HANDLE], GIVE_BACK_S)

    def _receive(self, wait: int, most: int) -> list[Mapping[str, Any]]:
        answer = self._call(
            self._client.receive_message,
            QueueUrl=self.address.url,
            MaxNumberOfMessages=most,
            WaitTimeSeconds=wait,
            VisibilityTimeout=VISIBILITY_S,
            MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
        )
        return list(answer.get("Messages") or ())

    def _let_go(self, handles: Iterable[str]) -> tuple[str, ...]:
        """Returns the messages, which are held no more."""
        found = tuple(handles)
        self._held.difference_update(found)
        return found

    def _in_batches(self, handles: Iterable[str], call: Callable[[list[str]], list[Mapping[str, Any]]]) -> int:
        """Calls for some handles at a time, again where SQS itself failed; returns how many failed."""
        failures = 0
        for left in chunks(handles, PER_CALL):
            for attempt in range(ATTEMPTS):
                if attempt:
                    self._sleep(PAUSE_S * 2**attempt)
                failed = call(left)
                again = [left[int(entry["Id"])] for entry in failed if not entry["SenderFault"]]
                failures += len(failed) - len(again)
                left = again  # noqa: PLW2901 - what is left of it
                if not left:
                    break
            failures += len(left)
        return failures

    def _delete_some(self, handles: list[str]) -> list[Mapping[str, Any]]:
        entries = [{"Id": str(at), "ReceiptHandle": handle} for at, handle in enumerate(handles)]
        answer = self._call(self._client.delete_message_batch, QueueUrl=self.address.url, Entries=entries)
        return list(answer.get("Failed") or ())

    def _hide(self, handles: list[str], seconds: int) -> list[Mapping[str, Any]]:
        entries = [
            {"Id": str(at), "ReceiptHandle": handle, "VisibilityTimeout": seconds} for at, handle in enumerate(handles)
        ]
        answer = self._call(self._client.change_message_visibility_batch, QueueUrl=self.address.url, Entries=entries)
        return list(answer.get("Failed") or ())

    def _attributes(self, url: str) -> Mapping[str, str]:
        answer = self._call(self._client.get_queue_attributes, QueueUrl=url, AttributeNames=["All"])
        return dict(answer["Attributes"])

    def _call(self, operation: Callable[..., Any], **request: object) -> Mapping[str, Any]:
        try:
            return dict(operation(**request))
        except (BotoCoreError, ClientError, EOFError, OSError) as error:
            raise to_queue_error(error, self.address, self._client) from error
