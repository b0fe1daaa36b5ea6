"""The reading with counted clocks, and with one reader that never runs ahead: the same each time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any
from unittest.mock import patch

from partner_central.read import incremental
from partner_central.read.density import Density
from partner_central.read.partitions import Partition, PartitionPage
from partner_central.read.workers import ParallelReader
from partner_central.tables import presence, row_batch
from simulation.world import World

CROWD_IS_MORE_THAN_ONE_OF = 8


class InTurn(ParallelReader):
    """A sweep whose one reader asks for the next page only when the consumer comes back for it."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._turn = threading.Semaphore(0)

    def parts(self) -> Generator[PartitionPage]:
        with contextlib.closing(super().parts()) as parts:
            try:
                for part in parts:
                    yield part
                    self._turn.release()
            finally:
                parts.close()
                self._turn.release()

    def _crowd_parts(self, partition: Partition) -> Iterator[PartitionPage]:
        """The parts of both ends, one of each in turn."""
        ends = [super(InTurn, self)._crowd_parts(partition) for _ in range(2)]
        for parts in zip_longest(*ends):
            yield from filter(None, parts)

    def _put(self, part: PartitionPage | None) -> None:
        super()._put(part)
        if part is not None:
            self._turn.acquire()


@contextlib.contextmanager
def real_code(world: World) -> Iterator[None]:
    """The reading with the clocks of this world, and with sweeps that are cut as its schedule says."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return world.machine_clock().astimezone(tz or UTC)

    first_windows, crowds = incremental.first_partitions, Density.crowds
    with (
        patch.object(row_batch, "datetime", Clock),
        patch.object(presence, "datetime", Clock),
        patch.object(incremental, "MAX_SEQUENTIAL_PAGES", 3),
        patch.object(incremental, "ParallelReader", InTurn),
        patch.object(Density, "crowds", lambda density, _: crowds(density, CROWD_IS_MORE_THAN_ONE_OF)),
        patch.object(
            incremental,
            "first_partitions",
            lambda density, _, **ends: first_windows(density, world.schedule.windows, **ends),
        ),
    ):
        yield
