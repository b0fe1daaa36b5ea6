"""The records of an emulator, as tests see and change them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from .clock import Clock
from .data.catalog import DETAILS, OPPORTUNITIES, Catalog
from .data.records import Json
from .data.stream_records import Records
from .publisher import Publisher

T = TypeVar("T")
# The list and the details of an opportunity show the same record.
ONE_RECORD = (OPPORTUNITIES, DETAILS)
COMPARED = ("engagement_invitations", "engagement_members", "engagements")


class Changes:
    """Sees and changes the records of every stream.

    Args:
        catalogs: `AWS` and `Sandbox`.
        clock: The emulated time.
        publisher: Sends events; `None` if nothing is told.
    """

    def __init__(self, catalogs: Mapping[str, Catalog], clock: Clock, publisher: Publisher | None) -> None:
        self._catalogs = catalogs
        self._publisher = publisher
        self._clock = clock

    def truth(self, catalog: str = "AWS", *, stream: str = OPPORTUNITIES) -> list[Json]:
        """Returns every visible record of a stream, in any order.

        Args:
            catalog: `AWS` or `Sandbox`.
            stream: What the records are, such as `engagement_invitations`. Opportunities are as `ListOpportunities`
                shows them. Of other streams, these are the records as the operation of that name shows them.
        """
        return self._catalogs[catalog].truth(stream)

    def put(self, record: Json, catalog: str = "AWS", *, stream: str = OPPORTUNITIES) -> str:
        """Inserts or replaces a record, members it lacks are null; gives its identifier.

        CreatedDate and LastModifiedDate of an opportunity become the emulated now where the record has none, Id a new
        one. In other streams, a record has its identifier.
        """
        if stream in ONE_RECORD:
            with self._told(catalog, compared=True):
                return self._catalogs[catalog].put(copy.deepcopy(record), self._clock.now())
        return self._records(catalog, stream, lambda records: records.put(copy.deepcopy(record)))

    def change(
        self,
        identifier: str,
        changes: Json,
        catalog: str = "AWS",
        at: str | None = None,
        *,
        stream: str = OPPORTUNITIES,
    ) -> None:
        """Merges changes into a record; LastModifiedDate of an opportunity becomes `at`, or else the emulated now.

        In other streams, no date moves by itself. A change in `opportunity_search_summaries` is one on the side of
        AWS, such as another score: the opportunity itself stays as it is.

        Raises:
            KeyError: The record does not exist.
        """
        if stream not in ONE_RECORD:
            self._records(catalog, stream, lambda records: records.change(identifier, copy.deepcopy(changes)))
            return
        moment = self._clock.now() if at is None else at
        with self._told(catalog, compared=True):
            self._catalogs[catalog].change(identifier, copy.deepcopy(changes), moment)

    def remove(self, identifier: str, catalog: str = "AWS", *, stream: str = OPPORTUNITIES) -> None:
        """Makes a record invisible, as when access to it is lost.

        An opportunity leaves the search too; what belongs to it stays in the other streams.

        Raises:
            KeyError: The record does not exist.
        """
        if stream in ONE_RECORD:
            self._catalogs[catalog].remove(identifier)
        else:
            self._records(catalog, stream, lambda records: records.remove(identifier))

    def overlay(
        self, identifier: str, members: dict[str, Any], catalog: str = "AWS", *, stream: str = OPPORTUNITIES
    ) -> None:
        """Lays any JSON over what is shown of a record: unknown members, bad values; ABSENT leaves one out.

        The record itself, its place in lists and its dates stay as they are.

        Raises:
            KeyError: The record does not exist.
        """
        if stream in ONE_RECORD:
            self._catalogs[catalog].overlay(identifier, copy.deepcopy(members))
        else:
            self._records(catalog, stream, lambda records: records.overlay(identifier, copy.deepcopy(members)))

    def change_aws_side(self, identifier: str, catalog: str = "AWS") -> None:
        """Has AWS look at an opportunity: its summary gets next steps and another score, and no date moves.

        `change` with `stream="aws_opportunity_summaries"` changes what a test wants.

        Raises:
            KeyError: The opportunity does not exist, or AWS has no summary of it.
        """
        with self._told(catalog):
            self._catalogs[catalog].look_again(identifier)

    def clear(self, catalog: str = "AWS") -> None:
        """Makes every record of a catalog invisible, in every stream."""
        self._catalogs[catalog].clear()

    def _records(self, catalog: str, stream: str, use: Callable[[Records], T]) -> T:
        with self._told(catalog, compared=stream in COMPARED), self._catalogs[catalog].lock:
            return use(self._catalogs[catalog].records(stream))

    @contextmanager
    def _told(self, *catalogs: str, compared: bool = False) -> Iterator[None]:
        """Tells, as events, what changes inside.

        Args:
            *catalogs: The catalogs in which something can change.
            compared: Whether invitations and engagements can change.
        """
        if self._publisher is None:
            yield
            return
        news = [(self._catalogs[name].lock, self._catalogs[name].news) for name in catalogs]
        for lock, one in news:
            with lock:
                if compared and one is not None:
                    one.remember()
        yield
        for lock, one in news:
            with lock:
                events = [] if one is None else one.take(compared=compared)
            self._publisher.publish(events)
