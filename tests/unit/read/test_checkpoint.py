"""What is stored of a sweep under way."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from partner_central.read.checkpoint import Checkpoint
from partner_central.read.partitions import Partition

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@pytest.mark.parametrize(
    "backfill",
    [
        Checkpoint(NOON, None, full=False),
        Checkpoint(NOON + MICROSECOND, NOON - MICROSECOND, full=True, estimated_records=12_345),
        Checkpoint(
            NOON, None, full=True, partitions=[Partition(None, NOON, NOON, done=True, records=7), Partition(NOON, None)]
        ),
        Checkpoint(
            NOON, None, full=True, conditions={"since": None, "pii": "keep"}, token="t", number=3, order=7, at=NOON
        ),
        Checkpoint(
            None, None, full=True, partitions=[Partition(None, None, NOON, token="t", listed_from=NOON, shown=7)]
        ),
        Checkpoint(
            NOON,
            NOON,
            full=False,
            partitions=[Partition(None, None, NOON + MICROSECOND, records=100)],
            estimated_records=1,
            watermark_until=NOON,
        ),
    ],
)
def test_a_sweep_comes_back_from_its_state_as_it_was(backfill: Checkpoint) -> None:
    assert Checkpoint.load(json.loads(json.dumps(backfill.dump()))) == backfill


def test_a_sweep_without_a_beginning_stores_none() -> None:
    assert Checkpoint(NOON, None, full=False).dump() == {
        "watermark": "2026-05-01T12:00:00+00:00",
        "modified_since": None,
        "full": False,
        "asked": {},
        "windows": [],
        "about": 0,
        "token": None,
        "number": None,
        "order": 0,
        "at": None,
        "in_chain": False,
        "settling": None,
        "counts": {"changed": 0, "rejected": 0, "reasons": {}},
        "seen": {},
        "anew": False,
        "until": None,
    }


def test_the_state_of_thousands_of_finished_partitions_is_that_of_one() -> None:
    cuts = [NOON + number * timedelta(hours=1) for number in range(5000)]
    partitions = [
        Partition(start, end, end or NOON, done=True, records=3)
        for start, end in zip([None, *cuts], [*cuts, None], strict=True)
    ]
    (state,) = Checkpoint(NOON, None, full=True, partitions=partitions).dump()["windows"]
    assert (state["start"], state["end"], state["records"]) == (None, None, 15_003)


def test_sweeps_do_not_share_their_partitions() -> None:
    one, other = Checkpoint(NOON, None, full=False), Checkpoint(NOON, None, full=False)
    one.partitions.append(Partition(None, None))
    assert other.partitions == []
