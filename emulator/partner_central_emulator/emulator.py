"""The emulator: catalogs, a clock, and a server, which tests and the command control."""

from __future__ import annotations

import threading
from dataclasses import asdict
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Self

from .changes import Changes
from .clock import DAY, HOUR, SECOND, Clock, Stamp, from_datetime, to_datetime
from .control import Control
from .data.catalog import Behavior, Catalog
from .data.records import Json, Recipe, Skew
from .publisher import EventState, Publisher, Receive
from .quota import Quota
from .server import HOST, Server
from .service import OnCall, Service
from .tokens import TokenKind, Tokens

NOW: Final = datetime(2026, 6, 1, 9, tzinfo=UTC)


class Emulator(Changes):
    """A Partner Central on a port of 127.0.0.1.

    Args:
        opportunities: How many opportunities the catalog `AWS` starts with.
        seed: Chooses the data; the same seed and the same calls give the same data.
        port: The port; 0 takes a free one.
        token: What a NextToken remembers. `offset`: how many records went before, in the list as it is now.
            `position`: the last record's sort value and identifier. `snapshot`: the whole list, as it was
            at its first page.
        latency_ms: How long each answer takes, in milliseconds.
        rps: Read operations a second, for all clients together; `None` sets no limit.
        burst: How many of them can come at once.
        change_rate: How many opportunities a minute change by themselves.
        fault_rate: The share of calls, 0 to 1, that meet a random fault.
        milliseconds: Whether timestamps have milliseconds instead of whole seconds.
        now: The instant the emulated clock starts at; it then runs with real time.
        skew: Distribution of CreatedDates. `uniform` is over 18 months. `skewed` has 40 % within two hours and 5 %
            in one instant. `minute` has a third within one minute, and the rest leans to the recent end. `hour` and
            `instant` have all within one hour or one second, as after an import.
        sandbox_opportunities: How many opportunities the catalog `Sandbox` starts with.
        secret_access_key: The key signatures have to come from; `None` accepts any signature.
        events: What is told of changes: the address of an EventBridge endpoint, or a function that is called with each
            entry of `PutEvents`.

    Attributes:
        calls: Every call so far.
        faults: Faults for coming calls; append to it.
        denied: Operations that are refused, each with the reason that the service gives, such as
            `SEARCH_OPPORTUNITIES_NOT_ENABLED`, or with `None` if the caller's policy lacks the operation.
        empty_tokens: Operations whose last page has an empty text as NextToken.
        search: How `SearchOpportunities` behaves.
        single_reads: How the operations that read one record behave.
    """

    def __init__(
        self,
        *,
        opportunities: int = 500,
        seed: int = 1,
        port: int = 0,
        token: TokenKind = "offset",  # noqa: S107 - a kind of NextToken, not a secret
        latency_ms: float = 0,
        rps: float | None = 10,
        burst: float = 10,
        change_rate: float = 0,
        fault_rate: float = 0,
        milliseconds: bool = False,
        now: datetime = NOW,
        skew: Skew = "uniform",
        sandbox_opportunities: int = 20,
        secret_access_key: str | None = None,
        events: str | Receive | None = None,
    ) -> None:
        start = from_datetime(now)
        stamp = Stamp(milliseconds=milliseconds)
        clock = Clock(start)
        catalogs: dict[str, Catalog] = {}
        publisher = None if events is None else Publisher(events, seed)
        super().__init__(catalogs, clock, publisher)
        behavior = Behavior(tells=publisher is not None)
        self.search = behavior.search
        self.single_reads = behavior.single_reads
        for name, count in (("AWS", opportunities), ("Sandbox", sandbox_opportunities)):
            recipe = Recipe(seed, name, stamp, customers=max(40, count // 3), imported=skew != "uniform")
            catalogs[name] = Catalog(recipe, Tokens(seed), token, clock, behavior)
            catalogs[name].fill(count, start, skew)
        self._service = Service(
            catalogs,
            Quota(rps, burst),
            latency=latency_ms / 1_000,
            fault_rate=fault_rate,
            seed=seed,
            secret=secret_access_key,
        )
        self.calls = self._service.calls
        self.faults = self._service.faults
        self.denied = self._service.denied
        self.empty_tokens = self._service.empty_tokens
        self._settings = {"seed": seed, "token": token, "rps": rps, "burst": burst, "skew": skew}
        self._change_rate = change_rate
        self._port = port
        self._server: Server | None = None
        self._threads: list[threading.Thread] = []

    @property
    def endpoint(self) -> str:
        """The address for `endpoint_url`.

        Raises:
            RuntimeError: The emulator is not running.
        """
        if self._server is None:
            raise RuntimeError("the emulator is not running; call start() or use it in a with statement")
        return f"http://{HOST}:{self._server.server_port}"

    @property
    def events(self) -> EventState:
        """The behavior of events, and how many were sent and lost.

        Raises:
            RuntimeError: The emulator tells no events.
        """
        if self._publisher is None:
            raise RuntimeError("the emulator tells no events; give it `events=`")
        return self._publisher.state

    def wait_for_events(self) -> None:
        """Waits until every event so far was sent or is lost."""
        if self._publisher is not None:
            self._publisher.wait()

    @property
    def on_call(self) -> OnCall | None:
        """Called with a call's number, from 1, and its parameters before its answer; may return a Fault."""
        return self._service.on_call

    @on_call.setter
    def on_call(self, listener: OnCall | None) -> None:
        self._service.on_call = listener

    def start(self) -> Self:
        """Binds the port and answers from then on; does nothing if it runs already."""
        if self._server is None:
            self._service.stopping.clear()
            server = Server(self._port, self._service, Control(self), lambda: self._clock.now() / SECOND)
            self._server = server
            self._threads = [threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)]
            if self._change_rate:
                self._threads.append(threading.Thread(target=self._change_by_itself, daemon=True))
            for thread in self._threads:
                thread.start()
        return self

    def stop(self) -> None:
        """Closes the port and every connection, and waits until nothing of it runs; the data stays."""
        if self._server is not None:
            self._service.stopping.set()
            self._server.shutdown()
            self._server.close()
            for thread in self._threads:
                thread.join()
            self._server = None
        if self._publisher is not None:
            self._publisher.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def prepare(self, *, search: bool = False) -> Self:
        """Makes every opportunity's JSON now instead of when it is first shown; about 1.2 KB of memory each.

        A page then costs the emulator a tenth: for measuring a client that shares the machine with it.

        Args:
            search: Whether to do the same for `SearchOpportunities`; about 2 KB of memory each.
        """
        for catalog in self._catalogs.values():
            catalog.prepare(search=search)
        return self

    def now(self) -> datetime:
        """Returns the emulated time, in UTC."""
        return to_datetime(self._clock.now())

    def advance(self, days: float) -> int:
        """Moves the clock forward and lets both catalogs live those days; gives the number of events.

        What happens is dated within those days and after everything that happened before. Its dates depend
        on the seed and the calls alone, as long as the emulator has run for less than an hour. For parts of a
        day, the limit is 1/24 of the time.

        Raises:
            ValueError: The days are negative.
        """
        if days < 0:
            raise ValueError(f"days is {days}; the clock does not go back")
        span = round(days * DAY)
        gap = max(1, min(HOUR, span // 24))
        gaps = (self._clock.now() - self._clock.lived) // gap
        end = self._clock.lived + gaps * gap + span
        begin = min(end, self._clock.lived + (gaps + 1) * gap)
        with self._told(*self._catalogs, compared=True):
            self._clock.advance(span)
            return sum(catalog.pass_time(begin, end) for catalog in self._catalogs.values())

    def describe(self) -> Json:
        """Returns clock, settings, and number of records by catalog."""
        sizes = {name: len(catalog) for name, catalog in self._catalogs.items()}
        return {
            "now": self.now().isoformat(),
            "opportunities": sizes,
            "calls": len(self.calls),
            **self._settings,
            **({} if self._publisher is None else {"events": asdict(self._publisher.state)}),
        }

    def _change_by_itself(self) -> None:
        while not self._service.stopping.wait(60 / self._change_rate):
            with self._told("AWS"):
                self._catalogs["AWS"].happen_once(self._clock.now())
