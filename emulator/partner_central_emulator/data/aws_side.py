"""AWS's summaries of the opportunities of a catalog, as `GetAwsOpportunitySummary` and the search show them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..clock import Clock
from ..service_model import projection, service_model
from .aws_summary import REVIEWED_EVERY, aws_steps, searched_summary, whole_summary
from .details import HISTORY_AT_MOST
from .draws import Draws
from .merge import merged
from .records import Json
from .row import Row
from .single_reads import SingleReads
from .store import Store


class AwsSide:
    """A summary for each opportunity. The caller holds the lock. Nothing is made before it is asked for.

    Args:
        store: The opportunities.
        draws: Of the catalog.
        clock: The emulated time. AWS's side moves only when it is moved, not with the real time that passes.
        reads: How summaries of drafts are answered.

    Attributes:
        watchers: Called with the identifier of an opportunity before its summary changes.
    """

    def __init__(self, store: Store, draws: Draws, clock: Clock, reads: SingleReads) -> None:
        self.watchers: list[Callable[[str], None]] = []
        self._store = store
        self._draws = draws
        self._clock = clock
        self._reads = reads
        self._asked: dict[str, list[int]] = {}
        self._changes: dict[str, Json] = {}
        self._overlays: dict[str, Json] = {}
        self._own: dict[str, Json] = {}
        self._hidden: set[str] = set()
        self._project: Callable[[Any], Any] | None = None

    def searched(self, row: Row, record: Json) -> Json | None:
        """Returns at least what the search shows of a summary; `None` if there is none."""
        return self._changed(row.id, self._base(row, record))

    def record(self, identifier: str) -> Json:
        """Returns a summary with all its members.

        Raises:
            KeyError: There is none, or the opportunity is not visible.
        """
        row = self._row(identifier)
        record = self._store.whole(row)
        base = self._base(row, record)
        names = {"Catalog": self._store.recipe.catalog, "RelatedOpportunityId": identifier}
        if self._changed(identifier, base) is not None:
            return {**(self._changed(identifier, self._whole(row, record, base)) or {}), **names}
        if self._reads.drafts == "not_found" or identifier in self._hidden:
            raise KeyError(f"AWS has no summary of {identifier}")
        return names

    def shown(self, identifier: str) -> Json:
        """Returns a summary as `GetAwsOpportunitySummary` shows it.

        Raises:
            KeyError: There is none, or the opportunity is not visible.
        """
        if self._project is None:
            self._project = projection(service_model().shape_for("GetAwsOpportunitySummaryResponse"))
        shown: Json = self._project(self.record(identifier))
        overlay = self._overlays.get(identifier)
        return shown if overlay is None else merged(shown, overlay)

    def look_again(self, identifier: str) -> None:
        """Has AWS look at an opportunity now: its summary changes, and no date of the opportunity moves.

        Raises:
            KeyError: There is no summary, or the opportunity is not visible.
        """
        if self.searched(self._row(identifier), self._store.record(self._row(identifier))) is None:
            raise KeyError(f"AWS has no summary of {identifier}")
        self._touch(identifier)
        self._asked.setdefault(identifier, []).append(self._clock.now())

    def moved(self, begin: int, end: int) -> Iterator[str]:
        """Yields the opportunities that AWS looked at between two instants, without being asked."""
        for row in self._store:
            reviewed = max(0, begin - row.created) // REVIEWED_EVERY < (end - row.created) // REVIEWED_EVERY
            if row.index >= 0 and reviewed and self.searched(row, self._store.record(row)) is not None:
                yield row.id

    def truth(self) -> list[Json]:
        """Returns every summary that `GetAwsOpportunitySummary` shows."""
        return [self.shown(identifier) for identifier in self._store.rows if self._shows(identifier)]

    def put(self, record: Json) -> str:
        """Replaces a summary; gives the identifier of its opportunity."""
        identifier: str = record["RelatedOpportunityId"]
        self._row(identifier)
        self._touch(identifier)
        self._hidden.discard(identifier)
        self._own[identifier] = merged({}, record)
        return identifier

    def change(self, identifier: str, changes: Json) -> None:
        """Merges changes into a summary. The search shows its part of them."""
        self._row(identifier)
        if identifier in self._hidden:
            raise KeyError(f"AWS has no summary of {identifier}")
        self._touch(identifier)
        self._changes[identifier] = merged(self._changes.get(identifier, {}), changes)

    def remove(self, identifier: str) -> None:
        """Leaves an opportunity without a summary from now on."""
        self._row(identifier)
        self._touch(identifier)
        self._own.pop(identifier, None)
        self._changes.pop(identifier, None)
        self._hidden.add(identifier)

    def overlay(self, identifier: str, members: Json) -> None:
        """Lays members over what `GetAwsOpportunitySummary` shows of an opportunity."""
        self._row(identifier)
        self._overlays[identifier] = {**self._overlays.get(identifier, {}), **members}

    def clear(self) -> None:
        """Leaves every opportunity without a summary."""
        for identifier in self._store.rows:
            self.remove(identifier)

    def _base(self, row: Row, record: Json) -> Json | None:
        """Returns at least what the search shows of a summary, without the changes of a test."""
        if row.id in self._hidden:
            return None
        given = self._own.get(row.id) or record.get("AwsOpportunitySummary")
        if row.index < 0 or row.id in self._own:
            return given
        asked = len(self._asked.get(row.id, ()))
        drawn = searched_summary(self._draws, row, record, self._clock.lived, asked)
        return drawn if given is None else merged(drawn or {}, given)

    def _changed(self, identifier: str, base: Json | None) -> Json | None:
        changes = self._changes.get(identifier)
        return base if changes is None else merged(base or {}, changes)

    def _whole(self, row: Row, record: Json, base: Json | None) -> Json:
        """Returns all members of a summary, without the changes of a test."""
        asked, stamp = self._asked.get(row.id, []), self._store.recipe.stamp
        if row.index >= 0 and row.id not in self._own:
            return merged(whole_summary(self._draws, stamp, row, record, self._clock.lived, asked), base or {})
        steps = aws_steps(self._draws, stamp, row.index, asked)
        earlier = ((base or {}).get("LifeCycle") or {}).get("NextStepsHistory") or []
        steps["NextStepsHistory"] = [*earlier, *steps["NextStepsHistory"]][-HISTORY_AT_MOST:]
        return merged(base or {}, {"LifeCycle": steps} if asked else {})

    def _row(self, identifier: str) -> Row:
        if identifier not in self._store.rows:
            raise KeyError(f"no opportunity {identifier} in catalog {self._store.recipe.catalog}")
        return self._store.rows[identifier]

    def _shows(self, identifier: str) -> bool:
        row = self._store.rows[identifier]
        if identifier in self._hidden:
            return False
        return self._reads.drafts != "not_found" or self.searched(row, self._store.record(row)) is not None

    def _touch(self, identifier: str) -> None:
        for watcher in self.watchers:
            watcher(identifier)
