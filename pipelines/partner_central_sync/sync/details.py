"""The streams that are read by ids: how many ids a run may read, and which.

They take a share of the day's calls, spread over the day's runs: what the share gives for the time since ids were read
last. So a run every half hour reads a forty-eighth of it, and one every night all of it. The first run reads what an
hour gives, at least one id. What less than an id is given for is not lost, however often ids are read: it is counted by
the clock.

What events name comes first. It may take as much again of the hour as the share gives, and nothing of what the share
gives to all. So events, however many, do not keep a run from the ids that wait. What does not fit waits with these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from math import ceil, floor
from typing import Any, cast

import dlt

from partner_central.public import (
    CALLS_PER_DAY,
    ConfigurationError,
    DueId,
    PerIdStream,
    SyncMetrics,
    from_own_section,
    reading_of,
)

from ..destinations import of
from ..destinations.loading import keep_open
from ..destinations.pipeline_state import state_of_source
from ..events.batch import chunks
from . import run_lease
from .ids_due import IdQueue, queues_of
from .settings import Settings

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DETAILS_SHARE = 0.2
IDS_PER_QUERY = 1000  # that events named
IDS_PER_CHUNK = 1000  # that are loaded together: what a run loses at most that is killed
LONG_AGO, EPOCH = datetime.min.replace(tzinfo=UTC), datetime.fromtimestamp(0, UTC)


class Details:
    """The ids of a run.

    Args:
        pipeline: whose destination says what is due.
        settings: whose ids.
        metrics: of the run; they have the service's clock. In a run that made no call yet, it is at least as late as
            when an id was read last.
    """

    def __init__(self, pipeline: dlt.Pipeline, settings: Settings, metrics: SyncMetrics) -> None:
        self._pipeline, self._settings, self._metrics = pipeline, settings, metrics
        self._ids: dict[str, list[DueId]] = {}
        self._named: dict[str, set[str]] = {}

    def name(self, parent: str, ids: Iterable[str], streams: Sequence[PerIdStream]) -> None:
        """Lets ids be due, since an event named them; it is kept in the destination until they are read.

        Args:
            parent: the table that they are of.
            ids: opportunities or engagements.
            streams: what is read by ids.
        """
        named = sorted(ids)
        of_them = [one for one in streams if one.parent.stream.table == parent]
        if not named or not of_them:
            return
        self._named.setdefault(parent, set()).update(named)
        run_lease.take(self._pipeline)
        client = self._pipeline.destination_client()
        with client:
            for stream in of_them:
                of(client).set_due(client, stream.reads_table, named, self._settings.account)

    def find_due(self, streams: Sequence[PerIdStream], until_logged: ExitStack) -> list[PerIdStream]:
        """Returns the streams with ids that this run is to read.

        Args:
            streams: their ids may be due.
            until_logged: keeps the destination open if no id is due, since nothing more is loaded then.
        """
        if not streams:
            return []
        with ExitStack() as opened:
            opened.enter_context(keep_open(self._pipeline))
            self._ids = {table: ids for table, ids in self._find(streams).items() if ids}
            if not self._ids:
                until_logged.push(opened.pop_all())
        return [stream for stream in streams if stream.table in self._ids]

    def loads(self, streams: Sequence[PerIdStream]) -> list[list[PerIdStream]]:
        """Returns these streams by what is loaded together: all of them if their ids are no more than a chunk."""
        few = sum(len(self.due(one)) for one in streams) <= IDS_PER_CHUNK
        return [[*streams]] if few and streams else [[one] for one in streams]

    def due(self, stream: PerIdStream) -> list[DueId]:
        """Returns the ids of a stream that this run is to read."""
        return self._ids.get(stream.table, [])

    def _find(self, streams: Sequence[PerIdStream]) -> dict[str, list[DueId]]:
        account = self._settings.account
        state = cast("dict[str, Any]", self._pipeline.state)
        readings = {
            one.table: reading_of(state_of_source(state, one) or {}, full=self._settings.full) for one in streams
        }
        client = self._pipeline.destination_client()
        with client:
            queues = queues_of(client, streams, account, state)
            newest = {table: queue.newest_read() for table, queue in queues.items()}
            last = max(filter(None, newest.values()), default=None)
            now = self._metrics.service_now() if last is None or self._metrics.served_at is not None else last
            most = allowed(self._settings, last, now)
            found = self._find_named(streams, queues, readings, now)
            order = sorted(streams, key=lambda one: newest[one.table] or LONG_AGO)
            waiting = {
                one.table: queues[one.table].count(readings[one.table], now) - len(found.get(one.table, ()))
                for one in order
                if most
            }
            given = shares(most, waiting)
            for one in streams:
                if more := given.get(one.table):
                    first = found.get(one.table, [])
                    found[one.table] = [*first, *queues[one.table].find(readings[one.table], more, now, taken=first)]
            return found

    def _find_named(
        self,
        streams: Sequence[PerIdStream],
        queues: Mapping[str, IdQueue],
        readings: Mapping[str, int],
        now: datetime,
    ) -> dict[str, list[DueId]]:
        """Returns the ids that events named, as far as they are due and fit.

        They may be as many as an hour gives; with all others, twice as many within an hour.
        """
        of_them = [one for one in streams if one.parent.stream.table in self._named]
        if not of_them:
            return {}
        read = sum(queues[one.table].reads_since(now - HOUR) for one in of_them)
        of_an_hour = calls_of_a_day(self._settings) * (HOUR / DAY)
        left = max(0, min(ceil(of_an_hour), int(2 * of_an_hour) - read))
        found: dict[str, list[DueId]] = {}
        for to_come, stream in zip(range(len(of_them), 0, -1), of_them, strict=True):
            ids: list[DueId] = []
            for some in chunks(sorted(self._named[stream.parent.stream.table]), IDS_PER_QUERY):
                if most := left // to_come - len(ids):
                    ids += queues[stream.table].find(readings[stream.table], most, now, some)
            found[stream.table] = ids
            left -= len(ids)
        return found


def shares(most: int, waiting: Mapping[str, int]) -> dict[str, int]:
    """Returns how many ids each stream may read: equal shares, and what one does not need is for the others.

    Args:
        most: ids of all streams.
        waiting: ids that are due, by stream. What cannot be divided is for the first ones.
    """
    given = dict.fromkeys(waiting, 0)
    while most and (unmet := [name for name, count in waiting.items() if given[name] < count]):
        each = max(1, most // len(unmet))
        for name in unmet:
            taken = min(each, waiting[name] - given[name], most)
            given[name] += taken
            most -= taken
    return given


def allowed(settings: Settings, newest: datetime | None, now: datetime) -> int:
    """Returns how many ids may be read now.

    The clock gives an id at points that lie a certain time apart, wherever in between ids were read. So ids that events
    name, each soon after the last one, do not take away what the share gives to all.

    Args:
        settings: they say which share of the day's calls this is.
        newest: when an id was read last; None for never.
        now: the present time. A clock that is more than an hour behind the service's gives what an hour gives.
    """
    calls = calls_of_a_day(settings)
    if newest is None or newest - now > HOUR:
        return max(int(calls * (HOUR / DAY)), int(calls > 0))
    given, before = (floor(calls * ((at - EPOCH) / DAY)) for at in (now, max(newest, now - DAY)))
    return max(0, given - before)


def calls_of_a_day(settings: Settings) -> float:
    """Returns how many calls a day are for what is read by ids.

    Raises:
        ConfigurationError: details_share is not a share.
    """
    given = settings.source or {}
    options: dict[str, Any] = {"calls_per_day": given.get("calls_per_day"), "details_share": settings.details_share}
    return _share_of_a_day(**{name: value for name, value in options.items() if value is not None})


@from_own_section
def _share_of_a_day(calls_per_day: int = CALLS_PER_DAY, details_share: float = DETAILS_SHARE) -> float:
    if not 0 <= details_share <= 1:
        raise ConfigurationError(f"details_share must be a share between 0 and 1, not {details_share}.")
    return calls_per_day * details_share
