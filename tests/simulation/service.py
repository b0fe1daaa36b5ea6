"""Partner Central in memory: what is listed, in which order, and what its opaque tokens mean. Its clock is counted."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from partner_central.errors import PaginationError, RequestInvalid
from partner_central.read.pages import Page
from simulation.records import COMPANIES, MEMBERS, MODELS, STAGES, START, Json, Opportunity, Version, text
from simulation.schedule import Schedule

MOST_TOKENS = 40  # older ones are no longer accepted


@dataclass(slots=True)
class _Chain:
    """The pages of one listing.

    Attributes:
        request: its parameters, without a token.
        scope: the scope of the run that reads it.
        offset: how many records were shown.
        shown: their keys.
        shifted: keys of records that a vanishing one moved past the next page, as far as that is asked for.
        frozen: the records, under snapshot tokens.
    """

    request: Json
    scope: str
    offset: int = 0
    shown: set[str] = field(default_factory=set)
    shifted: set[str] = field(default_factory=set)
    frozen: list[Json] | None = None
    last: tuple[Any, ...] | None = None


def conditions(tree: Mapping[str, Any]) -> Json:
    """The filter of a search, as the parameters of a list are that say the same."""
    found: Json = {}
    for kind, inner in tree.items():
        if kind == "AndAllFilters":
            for one in inner:
                found |= conditions(one)
        elif kind == "GreaterThanOrEquals":
            found[inner["Key"]] = {f"After{inner['Key']}": inner["Value"]["DateValue"]}
        else:
            assert kind == "EqualsTo", kind
            found["LifeCycleStage" if inner["Key"] == "Stage" else inner["Key"]] = [inner["Value"]["StringValue"]]
    return found


class Service:
    """An account and its listing.

    Attributes:
        clock: the service's own.
        turn: counts what happened.
        scope: of the run that reads.
        skipped: by scope, the records that vanishing ones moved past the reader, which no order helps; with the turn.
        returned: records that came back as they were, which only a listing of everything shows; with the turn.
        unplaced: by scope, the records that no order by CreatedDate needs to show; with the turn of their version.
        shown: keys of what the listing that is read has shown.
    """

    def __init__(self, schedule: Schedule, prefix: str = "O") -> None:
        self.clock = START
        self.turn = 0
        self.scope = "all"
        self.skipped: dict[str, dict[str, int]] = {}
        self.returned: dict[str, int] = {}
        self.unplaced: dict[str, dict[str, int]] = {}
        self.shown: set[str] = set()
        self._began: dict[str, int] = {}
        self._schedule = schedule
        self._prefix = prefix
        self._chains: dict[str, _Chain] = {}
        self._records: dict[str, Opportunity] = {}
        self._count = 0
        chance = random.Random(schedule.made)
        for number in range(schedule.records):
            age = chance.choice((0, 100, 5_000, 86_400, 30 * 86_400, 300 * 86_400)) * chance.random() + 1
            self._make(chance, number, START - timedelta(seconds=age))

    def opportunities(self) -> list[Opportunity]:
        """All there are and were, in a fixed order."""
        return list(self._records.values())

    def _make(self, chance: random.Random, number: int, modified: datetime, *, crowd: bool = True) -> Opportunity:
        key = f"{self._prefix}{number:03}"
        every = self._schedule.undated
        created: datetime | None = modified - timedelta(seconds=chance.choice((0, 50, 40 * 86_400)) * chance.random())
        if self._schedule.order == "ignores":  # an order that is none shows at once
            created = START - timedelta(seconds=300 * 86_400 * chance.random())
        if crowd and number < self._schedule.crowd:
            created = START - timedelta(days=320, milliseconds=chance.choice((0, 100, 900)))
        if every and number % every == every - 1:
            created = None
        if created is not None:
            created = self.rounded(created)
        record: Json = {
            "Catalog": "AWS",
            "Id": key,
            "CreatedDate": None if created is None else text(created),
            "Customer": {"Account": {"CompanyName": chance.choice(COMPANIES)}},
            "LifeCycle": {"Stage": chance.choice(STAGES), "NextSteps": None, "TargetCloseDate": "2026-09-30"},
            "Project": {"DeliveryModels": list(MODELS[: chance.randrange(4)]), "ExpectedCustomerSpend": []},
        }
        one = self._records[key] = Opportunity(key, created, [])
        self.put(one, record, self.rounded(modified))
        return one

    def appear(self, which: int, late: int) -> Opportunity:
        """A new record, created now or long ago."""
        number = 500 + self._count
        self._count += 1
        one = self._make(random.Random(which), number, self.clock - timedelta(seconds=late), crowd=False)
        one.visible_since = self.turn
        return one

    def rounded(self, moment: datetime) -> datetime:
        """A moment as precise as the dates of this service are."""
        if self._schedule.whole_seconds:
            return moment.replace(microsecond=0)
        return moment.replace(microsecond=moment.microsecond // 100_000 * 100_000)

    def put(self, one: Opportunity, record: Json, modified: datetime) -> None:
        """A new version, and never one of an earlier date."""
        if one.versions:
            modified = max(modified, one.now.modified)
        record = record | {"LastModifiedDate": text(modified)}
        one.versions.append(Version(record, modified, self.clock, self.turn))

    def vanish(self, one: Opportunity) -> None:
        """A record becomes invisible; under offsets, that moves others past whoever is reading."""
        for chain in self._chains.values():
            listed = self._listed(chain.request)
            keys = [other.key for other in listed]
            if self._schedule.token == "offset" and one.key in keys[: chain.offset] and chain.offset < len(keys):
                next_key = keys[chain.offset]
                if next_key not in chain.shown:
                    chain.shifted.add(next_key)
        one.visible = False

    def page(self, request: Mapping[str, Any], *, stale: timedelta | None = None, empty: bool = False) -> Page:
        """The answer to a call.

        Raises:
            Invalid: the service does not sort so.
            BrokenListing: there is no such token for this request.
        """
        plain = {name: value for name, value in request.items() if name not in {"NextToken", "Filter"}}
        plain |= conditions(request.get("Filter", {}))
        if request["Sort"]["SortBy"] == "CreatedDate" and self._schedule.order == "refuses":
            raise RequestInvalid("SortBy: CreatedDate is refused.")
        name = request.get("NextToken")
        self._note_unplaced(plain)
        chain = self._chain(plain, name)
        self.shown = chain.shown
        if empty:
            return Page([], self._token(chain), self._served_at())
        items, has_more = self._next(chain, stale)
        return Page(list(items), self._token(chain) if has_more else None, self._served_at())

    def _note_unplaced(self, plain: Json) -> None:
        """The one limit: what is sorted last both ways, and no AfterCreatedDate matches, until it changes."""
        by = plain["Sort"]["SortBy"]
        if by == "LastModifiedDate":
            self._began[self.scope] = self.turn
        hidden = self._schedule.undated_at == "last" and not self._schedule.undated_match
        if by != "CreatedDate" or self._descends(plain) or not hidden:
            return
        began, unplaced = self._began.get(self.scope, 0), self.unplaced.setdefault(self.scope, {})
        unplaced |= {one.key: one.now.turn for one in self.opportunities() if not one.created and one.now.turn <= began}

    def _served_at(self) -> datetime:
        return self.clock.replace(microsecond=0)

    def _chain(self, plain: Json, name: str | None) -> _Chain:
        if name is None:
            chain = _Chain(plain, self.scope)
            if self._schedule.token == "snapshot":
                chain.frozen = [one.now.record for one in self._listed(plain)]
            return chain
        known = self._chains.get(name)
        if known is None or known.request != plain:
            raise PaginationError("The token of the next page is no longer accepted.")
        for key in known.shifted:
            self.skipped.setdefault(self.scope, {})[key] = self.turn
        return _Chain(plain, self.scope, known.offset, set(known.shown), set(), known.frozen, known.last)

    def _token(self, chain: _Chain) -> str:
        self._count += 1
        self._chains[f"token {self._count}"] = chain
        if len(self._chains) > MOST_TOKENS:
            del self._chains[next(iter(self._chains))]
        return f"token {self._count}"

    def _next(self, chain: _Chain, stale: timedelta | None) -> tuple[list[Json], bool]:
        """The records of the next page, and whether there are more."""
        size = min(chain.request["MaxResults"], self._schedule.page)
        if chain.frozen is not None:
            page = chain.frozen[chain.offset : chain.offset + size]
            chain.offset += len(page)
            return page, chain.offset < len(chain.frozen)
        listed = self._listed(chain.request)
        begin = chain.offset
        if self._schedule.token == "position" and chain.last is not None:
            place, down = self._place(chain.request), self._descends(chain.request)
            behind = (
                i for i, one in enumerate(listed) if (place(one) < chain.last if down else place(one) > chain.last)
            )
            begin = next(behind, len(listed))
        found = listed[begin : begin + size]
        chain.offset = begin + len(found)
        chain.shown |= {one.key for one in found}
        if found:
            chain.last = self._place(chain.request)(found[-1])
        moment = None if stale is None else self.clock - stale
        return [(one.now if moment is None else one.at(moment)).record for one in found], chain.offset < len(listed)

    def _listed(self, request: Json) -> list[Opportunity]:
        found = [one for one in self._records.values() if one.visible]
        for name, value_of in MEMBERS.items():
            if (values := request.get(name)) is not None:
                found = [one for one in found if value_of(one) in values]
        modified, created = request.get("LastModifiedDate"), request.get("CreatedDate")
        if modified is not None:
            after = modified["AfterLastModifiedDate"]
            found = [one for one in found if one.versions[-1].modified >= after]
        if created is not None:
            found = [one for one in found if self._is_within(one.created, created)]
        ordered = sorted(found, key=self._place(request), reverse=self._descends(request))
        return ordered[: self._schedule.cap or None]

    def _is_within(self, created: datetime | None, bounds: Mapping[str, datetime]) -> bool:
        if created is None:
            return self._schedule.undated_match
        since, until = bounds["AfterCreatedDate"], bounds.get("BeforeCreatedDate")
        is_early = created < since or (created == since and not self._schedule.inclusive)
        is_late = until is not None and (created > until or (created == until and not self._schedule.inclusive))
        return not (is_early or is_late)

    def _descends(self, request: Json) -> bool:
        ignored = self._schedule.order == "ignores" and request["Sort"]["SortBy"] == "CreatedDate"
        return ignored or bool(request["Sort"]["SortOrder"] == "DESCENDING")

    def _place(self, request: Json) -> Any:
        """Where a record stands in the order of a request, as a sort key."""
        by = request["Sort"]["SortBy"]
        as_text = self._schedule.order == "text"
        if by == "Identifier":
            return lambda one: (one.key,)
        if by == "CustomerCompanyName":
            return lambda one: (one.now.record["Customer"]["Account"]["CompanyName"], one.key)
        if by == "LastModifiedDate" or self._schedule.order == "ignores":
            if as_text:
                return lambda one: (one.now.record["LastModifiedDate"], one.key)
            return lambda one: (one.now.modified, one.key)
        at, down = self._schedule.undated_at, self._descends(request)
        none = 1 if at == "highest" or (at == "last" and not down) or (at == "first" and down) else -1
        if as_text:
            return lambda one: (none, "", one.key) if one.created is None else (0, text(one.created), one.key)
        return lambda one: (none, START, one.key) if one.created is None else (0, one.created, one.key)
