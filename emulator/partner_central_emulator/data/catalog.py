"""One catalog, safe for threads: its records, the lists of them, and their life."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from ..clock import SECOND, Clock
from ..errors import ServiceError, invalid_field
from ..faults import denied_record
from ..tokens import TokenKind, Tokens
from .aws_side import AwsSide
from .collection import CollectionRequest
from .collections import Collections
from .deals import Deals
from .draws import Draws
from .life import Life
from .listing import Listing
from .news import News
from .pager import Pager
from .query import ListRequest, PageRequest
from .records import Json, Recipe, Skew
from .row import Row
from .search_index import SearchIndex
from .search_request import SearchRequest, SearchState
from .single_reads import SingleReads
from .store import Store
from .stream_records import Records

OPPORTUNITIES: Final = "opportunities"
DETAILS: Final = "opportunity_details"
SEARCHED: Final = "opportunity_search_summaries"
SUMMARIES: Final = "aws_opportunity_summaries"
MEMBERS: Final = "engagement_members"


@dataclass(frozen=True, slots=True)
class Behavior:
    """The behavior of the catalogs, as a test sets it."""

    search: SearchState = field(default_factory=SearchState)
    single_reads: SingleReads = field(default_factory=SingleReads)
    tells: bool = False


def bare(identifier: str) -> str:
    """Returns the identifier that an ARN ends with, or the identifier itself."""
    return identifier.rpartition("/")[2]


class Catalog:
    """`AWS` or `Sandbox`. Instants are microseconds since 1970."""

    def __init__(self, recipe: Recipe, tokens: Tokens, kind: TokenKind, clock: Clock, behavior: Behavior) -> None:
        self.lock: Final = threading.RLock()
        self._stamp = recipe.stamp
        self._is_sandbox = recipe.catalog == "Sandbox"
        self._behavior = behavior
        self._clock = clock
        self._store = Store(recipe)
        self._listing = Listing(self._store, tokens, kind)
        self._life = Life(self._store)
        draws = Draws(recipe.seed, recipe.catalog)
        self._aws = AwsSide(self._store, draws, clock, behavior.single_reads)
        self._search = SearchIndex(self._store, Pager(tokens, kind), self._aws, behavior.search, clock)
        deals = Deals(self._store, draws, clock.lived)
        self._collections = Collections(deals, clock, lambda: Pager(tokens, kind))
        self.news = News(self._store, deals, self._collections, self._aws, clock) if behavior.tells else None

    def fill(self, count: int, now: int, skew: Skew) -> None:
        """Adds `count` invented opportunities from before `now`."""
        with self.lock:
            self._store.fill(count, now, skew)

    def prepare(self, *, search: bool) -> None:
        """Makes all that pages of opportunities show, and those of the search."""
        with self.lock:
            self._store.prepare()
            if search:
                self._search.prepare()

    def page(self, request: ListRequest) -> tuple[list[bytes], str | None]:
        """Returns one page of a list, each record in JSON, and the NextToken."""
        with self.lock:
            return self._listing.page(request)

    def search_page(self, request: SearchRequest) -> tuple[list[bytes], str | None]:
        """Returns one page of results, each record in JSON, and the NextToken.

        Raises:
            ServiceError: `ValidationException`; this catalog has no search, or the NextToken is not valid.
        """
        if self._is_sandbox and not self._behavior.search.in_sandbox:
            raise invalid_field("Catalog", "SearchOpportunities does not have this catalog", "ACTION_NOT_PERMITTED")
        with self.lock:
            return self._search.page(request)

    def collection_page(self, operation: str, request: CollectionRequest) -> tuple[list[bytes], str | None]:
        """Returns one page of an operation that lists a collection, each record in JSON, and the NextToken."""
        with self.lock:
            return self._collections.views[operation].page(request)

    def collection_record(self, operation: str, identifier: str) -> Json:
        """Returns one record as an operation shows it; `identifier` can be an ARN.

        Raises:
            ServiceError: `ResourceNotFoundException` or `AccessDeniedException`.
        """
        with self._read(operation, identifier):
            return self._collections.views[operation].shown(bare(identifier))

    def members_page(self, operation: str, identifier: str, request: PageRequest) -> tuple[list[bytes], str | None]:
        """Returns one page of an engagement's members, each in JSON, and the NextToken.

        Raises:
            ServiceError: `ResourceNotFoundException` or `AccessDeniedException`; or the NextToken is not valid.
        """
        with self._read(operation, identifier):
            return self._collections.members.page(bare(identifier), request)

    def opportunity(self, operation: str, identifier: str) -> Json:
        """Returns one record as `GetOpportunity` shows it.

        Raises:
            ServiceError: `ResourceNotFoundException` or `AccessDeniedException`.
        """
        with self._read(operation, identifier):
            return self._store.full(self._readable(identifier))

    def aws_summary(self, operation: str, identifier: str) -> Json:
        """Returns AWS's summary of an opportunity.

        Raises:
            ServiceError: `ResourceNotFoundException` or `AccessDeniedException`.
        """
        with self._read(operation, identifier):
            return self._aws.shown(self._readable(identifier).id)

    def look_again(self, identifier: str) -> None:
        """Has AWS look at an opportunity: its summary changes, and no date of the opportunity does."""
        with self.lock:
            self._aws.look_again(identifier)

    @contextmanager
    def _read(self, operation: str, identifier: str) -> Iterator[None]:
        """Holds the lock; answers what must not be read or is not there as the service does."""
        with self.lock:
            if bare(identifier) in self._behavior.single_reads.denied:
                raise denied_record(operation, identifier)
            try:
                yield
            except KeyError:
                raise ServiceError("ResourceNotFoundException", f"{identifier} was not found.") from None

    def _readable(self, identifier: str) -> Row:
        row = self._store.rows[identifier]
        if self._clock.now() < row.created + round(self._behavior.single_reads.delay_seconds * SECOND):
            raise KeyError(identifier)
        return row

    def records(self, stream: str) -> Records:
        """Returns the records of a stream other than `opportunities`; hold the lock while you use them.

        Raises:
            KeyError: There is no such stream.
        """
        streams: dict[str, Records] = {
            SEARCHED: self._search,
            SUMMARIES: self._aws,
            MEMBERS: self._collections.members,
            **self._collections.streams,
        }
        if stream not in streams:
            known = ", ".join(sorted([OPPORTUNITIES, DETAILS, *streams]))
            raise KeyError(f"no stream is called {stream}; choose one of {known}")
        return streams[stream]

    def truth(self, stream: str) -> list[Json]:
        """Returns every visible record of a stream, of opportunities as its operation shows them."""
        with self.lock:
            if stream == DETAILS:
                return [self._store.full(row) for row in self._store]
            if stream != OPPORTUNITIES:
                return self.records(stream).truth()
            encoded = [self._store.encoded(row) for row in self._store]
        return [json.loads(record) for record in encoded]

    def put(self, record: Json, now: int) -> str:
        """Inserts or replaces a record; gives its identifier."""
        with self.lock:
            return self._store.put(record, now)

    def change(self, identifier: str, changes: Json, at: str | int) -> None:
        """Merges changes into a record; its LastModifiedDate becomes `at`, a text as it is."""
        with self.lock:
            self._store.change(identifier, changes, at if isinstance(at, str) else self._stamp.text(at))

    def remove(self, identifier: str) -> None:
        """Makes a record invisible."""
        with self.lock:
            self._store.remove(identifier)

    def overlay(self, identifier: str, over: dict[str, Any]) -> None:
        """Lays members over what is shown of a record."""
        with self.lock:
            self._store.overlay(identifier, over)

    def clear(self) -> None:
        """Makes every record of every stream invisible."""
        with self.lock:
            for identifier in list(self._store.rows):
                self._store.remove(identifier)
            for stream in (SEARCHED, *self._collections.streams):
                self.records(stream).clear()

    def pass_time(self, begin: int, end: int) -> int:
        """Lets what lies between two instants happen; gives the number of events."""
        with self.lock:
            return self._life.pass_time(begin, end)

    def happen_once(self, at: int) -> None:
        """Lets one event happen to one record."""
        with self.lock:
            self._life.happen_once(at)

    def __len__(self) -> int:
        with self.lock:
            return len(self._store.rows)
