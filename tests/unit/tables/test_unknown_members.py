"""Members that nobody knows yet, put into every structure of every stream: nothing of them is in clear."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from partner_central.api.model_extras import service_model
from partner_central.public import OPPORTUNITIES, STREAMS, Stream, stream_model
from partner_central.tables.history import History
from partner_central.tables.listed_rows import ListedRows
from partner_central.tables.pii import FIRST_FORM, FORM, MASKED, PiiPolicy
from partner_central.tables.rows import RowMaker

KEY = "a secret of at least 16 characters"
SECRET, NUMBER = "Unmistakable", 4711004711
NOW = datetime(2026, 1, 1, tzinfo=UTC)
VALUES: dict[str, Any] = {
    "text": SECRET,
    "number": NUMBER,
    "list": [SECRET, NUMBER],
    "structure": {"Deep": {"Er": SECRET, "Number": NUMBER}},
    "list of structures": [{"Deep": [{"Er": SECRET}], "Number": NUMBER}],
}


@dataclass(frozen=True)
class Place:
    """A structure in the records of a stream: its path, as a stream writes it."""

    stream: Stream
    path: str

    def __str__(self) -> str:
        return f"{self.stream.table} {self.path or 'itself'}"

    def record(self, **members: object) -> dict[str, Any]:
        """A record with these members in the structure, and with what a record needs."""
        value: Any = members
        for part in reversed(self.path.split(".") if self.path else []):
            value = {part.removesuffix("[]"): [value] if part.endswith("[]") else value}
        found = self.stream.members
        needed = dict.fromkeys(found.key_parts or (found.key,), "O1")
        if found.modified in found.required:
            needed[found.modified] = NOW.isoformat()
        return {**needed, **value}


def structures(shape: Shape, path: str = "") -> Iterator[str]:
    """The paths of all structures in a shape, and its own."""
    if isinstance(shape, StructureShape):
        yield path
        for name, member in shape.members.items():
            yield from structures(member, f"{path}.{name}" if path else name)
    elif isinstance(shape, ListShape):
        yield from structures(shape.member, f"{path}[]")
    elif isinstance(shape, MapShape):
        assert not isinstance(shape.value, StructureShape)


def places() -> Iterator[Place]:
    """Every structure of every stream."""
    for stream in STREAMS:
        found: dict[str, None] = {}
        for operation, records in stream.record_shapes:
            shape = cast("Shape", service_model().operation_model(operation).output_shape)
            if records:
                shape = cast("ListShape", cast("StructureShape", shape).members[records]).member
            found |= dict.fromkeys(structures(shape))
        assert {path.rpartition(".")[0] for path in stream.personal} <= {*found}
        yield from (Place(stream, path) for path in found)


PLACES = list(places())
every_place = pytest.mark.parametrize("place", PLACES, ids=str)


model_of = cache(stream_model)


def stored_of(stream: Stream, policy: PiiPolicy, record: dict[str, Any]) -> str:
    """All that is stored of a record: its row, its lists, its version; and what is kept to compare it with."""
    maker = RowMaker(model_of(stream), stream.table_names, stream.members)
    (row,) = ListedRows(maker, policy).batch([record], NOW).rows
    version = History(maker, stream.history, NOW).version(row, 1) if stream.history else {}
    return json.dumps([row, version, ListedRows(maker, policy).digest(record)], default=str)


def is_in_clear(stored: str) -> bool:
    return SECRET.lower() in stored.lower() or str(NUMBER) in stored


def test_every_person_is_among_the_places() -> None:
    paths = {str(place) for place in PLACES}
    assert {
        "opportunities LifeCycle",
        "opportunities Customer.Account.Address",
        "opportunity_details Customer.Contacts[]",
        "opportunity_details OpportunityTeam[]",
        "aws_opportunity_summaries Customer.Contacts[]",
        "aws_opportunity_summaries OpportunityTeam[]",
        "aws_opportunity_summaries Insights.Recommendations[]",
        "opportunity_search_summaries OpportunityTeam[]",
        "engagement_invitations itself",
        "engagement_invitations Receiver.Account",
        "engagement_members itself",
        "engagements Contexts[].Payload.Lead.Interactions[].Contact",
    } <= paths


@every_place
@pytest.mark.parametrize("mode", ["mask", "drop"])
def test_a_member_that_nobody_knows_is_not_stored_in_clear(place: Place, mode: str) -> None:
    forms = [FORM, *([FIRST_FORM] if place.stream is OPPORTUNITIES else [])]
    for value in VALUES.values():
        record = place.record(Unheard=value)
        assert is_in_clear(stored_of(place.stream, place.stream.pii_policy("keep", None), record))
        for form in forms:
            policy = place.stream.pii_policy(mode, KEY, form)
            assert not is_in_clear(stored_of(place.stream, policy, record))
            assert not is_in_clear(policy.rejected(policy.record(record)))
            masks = [one for one in str(policy.record(record)).split("'") if MASKED.fullmatch(one)]
            assert len(masks) == (mode == "mask" and form != FIRST_FORM), "one for all that it holds"


@every_place
@pytest.mark.parametrize("mode", ["keep", "mask", "drop"])
def test_a_member_that_nobody_knows_is_stored_or_told(place: Place, mode: str) -> None:
    for value in VALUES.values():
        told: set[str] = set()
        names, members = place.stream.table_names, place.stream.members
        maker = RowMaker(model_of(place.stream), names, members, leave_out=told.add)
        policy = place.stream.pii_policy(mode, KEY)
        with_it, without = (str(maker.row(policy.record(place.record(**more)))) for more in ({"Unheard": value}, {}))
        of_place = place.path.replace("[]", "")
        assert told == ({f"{of_place}.Unheard".removeprefix(".")} if mode == "drop" else set())
        assert (with_it == without) == bool(told)


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.table)
def test_a_mask_of_what_a_newer_model_describes_rejects_no_record(stream: Stream) -> None:
    """Whatever the model calls a number, a date, a list or a structure: its column is null, and the row is there."""
    keys = {stream.members.key, *stream.members.key_parts, *stream.members.required}
    policy = PiiPolicy("mask", KEY, (), kept=keys)
    told: set[str] = set()
    maker = RowMaker(model_of(stream), stream.table_names, stream.members, leave_out=told.add)
    members = {path.partition(".")[0].removesuffix("[]") for path in (*stream.personal, *stream.plain)}
    row = maker.row(policy.record({member: [SECRET] for member in members} | Place(stream, "").record()))
    assert not is_in_clear(str(row))
    types = {column.name: column.type for column in maker.placed.columns}
    assert {name for name, value in row.items() if MASKED.fullmatch(str(value))} <= {
        name for name, kind in types.items() if kind == "text"
    }
    assert {type(value) for value in row.values()} <= {str, datetime}, "also no mask is left of its own type"
    masked = {column.path[0] for column in maker.placed.columns if MASKED.fullmatch(str(row.get(column.name)))}
    assert told == members - masked - keys, "what no column holds is told"
