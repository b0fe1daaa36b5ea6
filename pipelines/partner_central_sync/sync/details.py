"""The streams that are read by ids: how many ids a run may read, and which.

They take a share of the day's calls, spread over the day's runs: what the share gives for the time since ids were read
last. So a run every half hour reads a forty-eighth of it, and one every night all of it. The first run reads what an
hour gives.

What events name comes first. It may take as much again of the hour as the share gives, whatever others read meanwhile.
What does not fit is due until it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import dlt
from dlt.common.destination.client import JobClientBase

from partner_central.public import (
    CALLS_PER_DAY,
    SPINE,
    ConfigurationError,
    DueId,
    PerIdStream,
    SyncMetrics,
    from_own_section,
)

from ..destinations import of
from ..events.batch import chunks
from . import run_lease
from .ids_due import Queue, find_due, newest_read, reads_since
from .settings import Settings

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DETAILS_SHARE = 0.2
IDS_PER_QUERY = 1000  # that events named
IDS_PER_CHUNK = 1000  # that are loaded together: what a run loses at most that is killed


class Details:
    """The ids of a run.

    Args:
        pipeline: whose destination says what is due.
        settings: whose ids.
        streams: what is read by ids.
        metrics: of the run; they have the service's clock.
    """

    def __init__(
        self, pipeline: dlt.Pipeline, settings: Settings, streams: Sequence[PerIdStream], metrics: SyncMetrics
    ) -> None:
        self._pipeline, self._settings, self._metrics = pipeline, settings, metrics
        self._to_come = len(streams)
        self._left: int | None = None
        self._left_named = 0
        self._streams = streams
        self._named: set[str] = set()

    def name(self, ids: Iterable[str]) -> None:
        """Lets opportunities be due, since an event named them; it is kept in the destination until they are read."""
        named = sorted(ids)
        of_them = [one for one in self._streams if one.parent.stream is SPINE]
        if not named or not of_them:
            return
        self._named.update(named)
        run_lease.take(self._pipeline)
        client = self._pipeline.destination_client()
        with client:
            for stream in of_them:
                of(client).set_due(client, stream.reads_table, named, self._settings.account)

    def due(self, stream: PerIdStream, reading: int) -> list[DueId]:
        """Returns the ids of a stream that this run reads; it may take what those before it left.

        Args:
            stream: what is read by ids.
            reading: number of the reading of everything.
        """
        now = self._metrics.service_now()
        client = self._pipeline.destination_client()
        with client:
            if self._left is None:
                self._left, self._left_named = self._allowed(client, now)
            named = self._of_named(client, stream, reading, now)
            most = self._left // max(1, self._to_come)
            first = {one.id for one in named}
            more = most - len(named)
            queue = find_due(client, stream, self._settings.account, reading, most, now) if more > 0 else Queue([], 0)
        ids = [*named, *[one for one in queue.ids if one.id not in first][: max(0, more)]]
        self._to_come -= 1
        self._left = max(0, self._left - len(ids))
        self._left_named = max(0, self._left_named - len(named))
        return ids

    def _allowed(self, client: JobClientBase, now: datetime) -> tuple[int, int]:
        """Returns how many ids may be read now, and how many that events named."""
        account = self._settings.account
        newest = [newest_read(client, one, account) for one in self._streams]
        left = allowed(self._settings, max(filter(None, newest), default=None), now)
        if not self._named:
            return left, 0
        read = sum(reads_since(client, one, account, now - HOUR) for one in self._streams)
        of_an_hour = 2 * calls_of_a_day(self._settings) * (HOUR / DAY)
        return left, max(left, int(of_an_hour) - read)

    def _of_named(self, client: JobClientBase, stream: PerIdStream, reading: int, now: datetime) -> list[DueId]:
        """Returns the ids that events named, as far as they are due and fit."""
        most = self._left_named // max(1, self._to_come)
        found: list[DueId] = []
        for some in chunks(sorted(self._named) if stream.parent.stream is SPINE else [], IDS_PER_QUERY):
            if len(found) >= most:
                break
            left = most - len(found)
            found += find_due(client, stream, self._settings.account, reading, left, now, some).ids
        return found


def allowed(settings: Settings, newest: datetime | None, now: datetime) -> int:
    """Returns how many ids may be read now.

    Args:
        settings: they say what share of the day's calls these are.
        newest: when an id was read last; None for never.
        now: the present time. A clock that is more than an hour behind the service's gives what an hour gives.
    """
    since = HOUR if newest is None or newest - now > HOUR else min(DAY, max(timedelta(), now - newest))
    return int(calls_of_a_day(settings) * (since / DAY))


def calls_of_a_day(settings: Settings) -> float:
    """Returns how many calls a day are for what is read by ids.

    Raises:
        ConfigurationError: details_share is not a share.
    """
    given = settings.source or {}
    calls = {"calls_per_day": given["calls_per_day"]} if "calls_per_day" in given else {}
    return _share_of_a_day(**calls)


@from_own_section
def _share_of_a_day(calls_per_day: int = CALLS_PER_DAY, details_share: float = DETAILS_SHARE) -> float:
    if not 0 <= details_share <= 1:
        raise ConfigurationError(f"details_share must be a share between 0 and 1, not {details_share}.")
    return calls_per_day * details_share
