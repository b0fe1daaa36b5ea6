"""The spread of records over CreatedDate, and where to cut it. Plain data, without calls."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from .timestamps import SECOND, cut_before, moved, second_before, second_of

HOT_SECOND_RECORDS = 3
AROUND = 6  # seconds before and behind one, which it is compared with
DEVIATIONS = 4  # of a Poisson distribution; one second in some thousands has as many by chance


class Density:
    """The spread of records over CreatedDate, estimated from a sample.

    Args:
        sample: dates that are taken by chance.
        known: all dates that are known, if those are more. They lie where records lie, though not as often.
    """

    def __init__(self, sample: Iterable[datetime], known: Iterable[datetime] | None = None) -> None:
        self._sample = sorted(sample)
        self._known = self._sample if known is None else sorted(known)

    def share(self, after: datetime | None, until: datetime | None) -> float:
        """The share of all records created after one timestamp and until another, 0 to 1."""
        return self.count(after, until) / max(1, len(self._sample))

    def count(self, after: datetime | None, until: datetime | None) -> int:
        """Returns how many records of the sample were created after one timestamp and until another."""
        return len(_between(self._sample, after, until))

    def cuts(self, after: datetime | None, until: datetime | None, parts: int) -> list[datetime]:
        """Ends of seconds that cut a span into `parts` of about as many records; fewer where records crowd one second.

        A cut ends the second before the one of the record it is taken from. Many records may share that one, and the
        partition below the cut is not to list them as well.
        """
        inside = _between(self._sample, after, until)
        if len(inside) >= parts or after is None or until is None:
            chosen = [inside[len(inside) * part // parts] for part in range(1, parts) if inside]
        else:
            chosen = [after + (until - after) * part / parts for part in range(1, parts)]
        cuts = {cut for timestamp in chosen if (cut := cut_before(timestamp)) is not None}
        return sorted(cut for cut in cuts if (after is None or cut > after) and (until is None or cut < until))

    def hot_seconds(self, most: int) -> list[datetime]:
        """Cuts before the seconds that many records share: they can only be paged through, so a partition begins.

        In a busy minute, chance alone puts some of the records that are known into one second. Such a second does not
        stand out of those around it. A cut before it would cost two pages, since the partitions beside a cut list it
        twice.

        All known dates count. An import of one customer says little about the rest, but it is where it is.

        Args:
            most: how many cuts at most, before the fullest seconds.
        """
        seconds = Counter(map(second_of, self._known))
        hot = [second for second, records in seconds.most_common() if self._stands_out(second, records)]
        return sorted(cut for second in hot[:most] if (cut := cut_before(second)) is not None)

    def _stands_out(self, second: datetime, records: int) -> bool:
        """Returns whether a second has more records than chance would put there, judged by the seconds around it."""
        start, end = moved(second, -AROUND * SECOND), moved(second, (AROUND + 1) * SECOND)
        expected = (len(_between(self._known, start, end)) - records) / (2 * AROUND)
        return records >= HOT_SECOND_RECORDS and records > expected + DEVIATIONS * math.sqrt(expected)

    def crowds(self, readers: int) -> list[tuple[datetime, datetime]]:
        """Spans around seconds that hold more than a reader's share of all records each; spans that touch are one.

        A span begins a second before, and ends two seconds behind, so that what follows is asked for without its crowd.
        """
        seconds = Counter(map(second_of, self._sample))
        spans: list[tuple[datetime, datetime]] = []
        for second, records in sorted(seconds.items()):
            start, end = moved(second, -SECOND), moved(second, 2 * SECOND)
            is_crowded = records >= HOT_SECOND_RECORDS and records * readers > len(self._sample)
            if not is_crowded or second_before(start) is None or end is None or moved(end, SECOND) is None:
                continue
            if start is not None:
                begins_at = spans.pop()[0] if spans and start <= spans[-1][1] else start
                spans.append((begins_at, end))
        return spans

    def share_of_second(self, cut: datetime | None) -> float:
        """The share of all records in the second behind a cut, and in the next one."""
        return 0.0 if cut is None else self.share(cut, moved(cut, 2 * SECOND))


def _between(dates: list[datetime], after: datetime | None, until: datetime | None) -> list[datetime]:
    low = 0 if after is None else bisect_right(dates, after)
    high = len(dates) if until is None else bisect_right(dates, until)
    return dates[low:high]
