"""Asks AWS for what belongs to each of some ids, and finds out whether it refuses single ids or the operation."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from ..api.client import PartnerCentral
from ..api.raw_json import Answer
from ..errors import ActionDenied, PartnerCentralError, RecordNotFound, RequestRejected
from ..per_id_stream import PerIdStream
from ..tables.id_reads import DueId, Outcome
from ..tables.presence import now
from .concurrent_calls import in_order
from .pages import pages, parse_page, parse_record

FIRST_REFUSALS = 3  # before any other answer: then it may not be the ids that are refused
ELSEWHERE = 5  # ids of the whole queue that are asked for then
EACH_REFUSED = (
    "AWS refused each of the {count} ids of {table} that were asked for, such as {id}: {why} {reads} says so of each. "
    "Other ids are asked for then."
)
OTHER_RECORD = "the answer is of another id than was asked for"


class Found(NamedTuple):
    """An answer: what belongs to an id.

    Attributes:
        due: the id.
        records: from AWS.
        read_at: when, by the service's clock.
        refusal: why there are none.
    """

    due: DueId
    records: tuple[dict[str, Any], ...]
    read_at: datetime
    refusal: RequestRejected | None = None

    @property
    def outcome(self) -> Outcome:
        """Returns what came of it."""
        if self.refusal is None:
            return "read"
        return "not found" if isinstance(self.refusal, RecordNotFound) else "refused"


class IdAnswers:
    """The answers for the ids of a reading.

    Args:
        stream: what to read.
        catalog: `AWS` or `Sandbox`.
        client: it calls the operation.
        due: the ids.
        answered: whether AWS ever answered for an id of this stream, otherwise than with a refusal.

    Attributes:
        answered: the same, with what was read meanwhile.
    """

    def __init__(
        self, stream: PerIdStream, catalog: str, client: PartnerCentral, due: Iterable[DueId], *, answered: bool
    ) -> None:
        self.answered = answered
        self._stream, self._catalog, self._client, self._due = stream, catalog, client, due
        self._is_answered = False  # in this reading
        self._refused: list[Found] = []

    def found(self) -> Generator[Found]:
        """Yields what belongs to each id, in their order as far as that is possible.

        While every answer is a refusal, it is not known whether the ids are refused or the operation is. If ids of the
        stream were read before, it is the ids, unless AWS says otherwise. If not, some ids of the whole queue are asked
        for. Where these are refused too, the others wait; the ones that were refused count as read.

        Raises:
            RequestRejected: all are refused.
        """
        left, refused = deque(self._due), self._refused
        try:
            yield from self._answers(self._until_refused(left))
            if self._are_all_refused and left:
                yield from self._answers(_spread(left))
            if not self._are_all_refused:
                yield from self._told()
                yield from self._answers(left)
        except PartnerCentralError:
            yield from () if _is_operation(refused) else self._told()
            raise
        if refused and _is_operation(refused) and (refusal := refused[0].refusal):
            raise refusal
        count, first = len(refused), next(iter(refused), None)
        are_all = self._are_all_refused
        yield from self._told()
        if are_all and count >= FIRST_REFUSALS and first is not None and (refusal := first.refusal):
            why = refusal.denial if isinstance(refusal, ActionDenied) else refusal
            table, reads = self._stream.table, self._stream.reads_table
            raise RequestRejected(
                EACH_REFUSED.format(count=count, table=table, id=first.due.id, why=why, reads=reads), refusal.reason
            )

    @property
    def _are_all_refused(self) -> bool:
        """Returns whether the operation may be refused, as far as it is known."""
        return not self._is_answered and (not self.answered or _is_operation(self._refused))

    def _until_refused(self, left: deque[DueId]) -> Iterator[DueId]:
        while left and not (len(self._refused) >= FIRST_REFUSALS and self._are_all_refused):
            yield left.popleft()

    def _answers(self, due: Iterable[DueId]) -> Generator[Found]:
        """Yields the answers; refusals are kept back while they may be of the operation."""
        with closing(in_order(due, self._ask, self._client.concurrency)) as answers:
            for found in answers:
                is_refused = found.outcome == "refused"
                if is_refused:
                    self._refused.append(found)
                else:
                    self._is_answered = self.answered = True
                if not self._are_all_refused:
                    yield from self._told()
                if not is_refused:
                    yield found

    def _told(self) -> Generator[Found]:
        """Yields the refusals that were kept back."""
        while self._refused:
            yield self._refused.pop(0)

    def _ask(self, due: DueId) -> Found:
        """Asks for what belongs to an id."""
        operation, served_at = self._stream.operation, None
        request = {"Catalog": self._catalog, operation.id_member: due.id}

        def parse_one(answer: Answer) -> tuple[dict[str, Any], datetime | None]:
            return parse_record(answer), answer.served_at

        try:
            if operation.records:
                listing = _Listing(request | {"MaxResults": operation.page_size})
                call = partial(self._client.call, operation.name, parse=partial(parse_page, operation))
                found = list(pages(listing, call))
                records = [record for page in found for record in page.records]
                served_at = found[0].served_at
            else:
                record, served_at = self._client.call(operation.name, request, parse=parse_one)
                records = [record]
        except RequestRejected as refusal:
            return Found(due, (), self._client.metrics.served_at or now(), refusal)
        member = self._stream.id_member
        given = tuple({member: due.id} | _without_nulls(record, member) for record in records)
        if any(record[member] != due.id for record in given):
            return Found(due, (), served_at or now(), RequestRejected(OTHER_RECORD, OTHER_RECORD))
        return Found(due, given, served_at or now())


class _Listing(NamedTuple):
    """The list that belongs to an id, as requests for its pages."""

    first: Mapping[str, Any]

    def request(self, next_token: str | None = None) -> dict[str, Any]:
        """The parameters of the operation for the first page, or for the one after `next_token`."""
        return {**self.first} if next_token is None else {**self.first, "NextToken": next_token}


def _is_operation(refused: Iterable[Found]) -> bool:
    """Returns whether AWS said with each refusal that the operation is refused."""
    return all(found.refusal is not None and found.refusal.of_all for found in refused)


def _spread(left: deque[DueId]) -> list[DueId]:
    """Takes some ids out of the queue, as far from each other as they are."""
    step = -(-len(left) // ELSEWHERE)
    taken = [*left][::-step]
    for one in taken:
        left.remove(one)
    return taken


def _without_nulls(record: object, member: str) -> dict[str, Any]:
    """Returns a record without a member if that is null. One that is not a structure becomes one that is rejected."""
    structure = record if isinstance(record, dict) else {"Record": [record]}
    return {name: value for name, value in structure.items() if name != member or value is not None}
