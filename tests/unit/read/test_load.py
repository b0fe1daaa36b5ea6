"""A run in parts: where one ends, what is stored behind it, what a failure leaves."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pytest

from partner_central.errors import CallBudgetExhausted, PartnerCentralError, ServiceUnavailable
from partner_central.metrics import SyncMetrics
from partner_central.read.incremental import IncrementalReader
from partner_central.read.load import ChunkedLoad
from partner_central.tables.row_batch import TableRows

TABLE = "opportunities"


@dataclass
class Pages:
    """A reading whose pages have so many rows each, and which may fail behind them.

    It can be gone on with from the page `resumable_from` on.
    """

    rows: Sequence[int]
    failure: Exception | None = None
    resumable_from: int = 0
    read: int = 0
    closed: bool = False
    begun: int = 0

    @property
    def is_resumable(self) -> bool:
        return self.read >= self.resumable_from

    def batches(self) -> Generator[TableRows]:
        self.begun += 1
        try:
            for number, rows in enumerate(self.rows):
                self.read += 1
                yield TableRows(rows=[{"id": f"O{number}-{row}"} for row in range(rows)])
            if self.failure:
                raise self.failure
        finally:
            self.closed = True

    def state(self) -> dict[str, Any]:
        return {"pages": self.read}


def next_chunk(run: ChunkedLoad, pages: Pages, table: str = TABLE) -> int:
    """How many rows the next part has."""
    return sum(len(batch.rows) for batch in run.stream(table).next_chunk(lambda: cast("IncrementalReader", pages)))


def parts(run: ChunkedLoad, pages: Pages) -> list[int]:
    """How many rows each part has, to the end."""
    found = []
    while run.has_more():
        found.append(next_chunk(run, pages))
    return found


def test_a_part_ends_with_the_page_that_fills_it() -> None:
    assert parts(ChunkedLoad(rows_per_chunk=250), Pages([100] * 7)) == [300, 300, 100]
    assert parts(ChunkedLoad(rows_per_chunk=250), Pages([100, 0, 0, 150, 300, 1])) == [250, 300, 1]


def test_pages_are_handed_on_together_with_what_was_rejected_and_whether_they_are_the_first() -> None:
    pages = Pages([100] * 120)
    batches = list(ChunkedLoad(rows_per_chunk=None).stream(TABLE).next_chunk(lambda: cast("IncrementalReader", pages)))
    assert [len(batch.rows) for batch in batches] == [5000, 5000, 2000]
    assert [row["id"] for batch in batches for row in batch.rows] == [
        f"O{page}-{row}" for page in range(120) for row in range(100)
    ]
    whole = TableRows(first=True)
    whole.add(TableRows(rejected=[{"id": "O1"}]))
    whole.add(TableRows(rows=[{"id": "O2"}], rejected=[{"id": "O3"}]))
    assert whole == TableRows([{"id": "O2"}], [{"id": "O1"}, {"id": "O3"}], first=True)


class Sized(Pages):
    """A reading that says behind each page how many rows are left, and how many pages wait."""

    def __init__(self, rows: Sequence[int], metrics: SyncMetrics, waiting: int) -> None:
        super().__init__(rows)
        self._metrics, self._waiting = metrics, waiting

    def batches(self) -> Generator[TableRows]:
        for number, batch in enumerate(super().batches(), start=1):
            waiting = min(self._waiting, len(self.rows) - number)
            self._metrics.estimate(sum(self.rows), pages_waiting=waiting)
            self._metrics.record_page(read=len(batch.rows), changed=len(batch.rows), rejected=0)
            yield batch


def test_parts_become_shorter_towards_the_end_unless_pages_wait() -> None:
    for waiting, expected in ((0, [1000, 500, 300, 200]), (1, [1000, 1000])):
        metrics = SyncMetrics()
        run = ChunkedLoad(metrics, rows_per_chunk=1000)
        found = parts(run, Sized([100] * 20, metrics, waiting))
        assert [rows for rows in found if rows] == expected, waiting


def test_what_is_short_is_one_part() -> None:
    assert parts(ChunkedLoad(), Pages([100, 50])) == [150]


def test_a_run_that_finds_nothing_is_one_part_as_well_which_stores_the_state() -> None:
    run = ChunkedLoad()
    assert parts(run, Pages([])) == [0]
    assert run.stream(TABLE).state() == {"pages": 0}


def test_a_part_that_is_full_with_the_last_page_is_followed_by_an_empty_one_which_stores_the_state() -> None:
    assert parts(ChunkedLoad(rows_per_chunk=100), Pages([100, 100])) == [100, 100, 0]


def test_pages_without_rows_fill_no_part() -> None:
    assert parts(ChunkedLoad(rows_per_chunk=100), Pages([0] * 50)) == [0]


def test_rejected_records_fill_batches_and_parts_as_rows_do() -> None:
    page = TableRows(rejected=[{"id": "O1"}] * 100)

    class Bad(Pages):
        def batches(self) -> Generator[TableRows]:
            yield from (TableRows(rejected=list(page.rejected)) for _ in range(120))

    whole = list(ChunkedLoad(rows_per_chunk=None).stream(TABLE).next_chunk(lambda: cast("IncrementalReader", Bad([]))))
    assert [len(batch.rejected) for batch in whole] == [5000, 5000, 2000]
    first = list(ChunkedLoad(rows_per_chunk=1000).stream(TABLE).next_chunk(lambda: cast("IncrementalReader", Bad([]))))
    assert [len(batch.rejected) for batch in first] == [1000]


def test_a_reading_begins_once_for_all_parts() -> None:
    pages, begun = Pages([100] * 5), []

    def begin() -> IncrementalReader:
        begun.append(pages)
        return cast("IncrementalReader", pages)

    run = ChunkedLoad(rows_per_chunk=100)
    while run.has_more():
        list(run.stream(TABLE).next_chunk(begin))
    assert (len(begun), pages.begun) == (1, 1)


def test_nothing_is_begun_before_the_first_part_is_read() -> None:
    run = ChunkedLoad()
    assert run.has_more()
    assert run.stream(TABLE).state() == {}
    pages = Pages([1])
    run.stream(TABLE).next_chunk(lambda: cast("IncrementalReader", pages))
    assert pages.begun == 0


def test_the_state_behind_a_part_is_that_of_what_was_handed_on() -> None:
    run, pages, states = ChunkedLoad(rows_per_chunk=200), Pages([100] * 5), []
    while run.has_more():
        next_chunk(run, pages)
        states.append(run.stream(TABLE).state()["pages"])
    assert states == [2, 4, 5]


def test_a_reading_that_cannot_be_gone_on_with_yet_is_not_parted() -> None:
    assert parts(ChunkedLoad(rows_per_chunk=100), Pages([100] * 6, resumable_from=4)) == [400, 100, 100, 0]


def test_without_a_size_everything_is_one_part() -> None:
    assert parts(ChunkedLoad(rows_per_chunk=None), Pages([10_000] * 5)) == [50_000]


@pytest.mark.parametrize("failure", [ServiceUnavailable("no network"), CallBudgetExhausted("tomorrow")])
def test_a_failure_ends_its_part_and_is_raised_once_that_is_loaded(failure: PartnerCentralError) -> None:
    run, pages = ChunkedLoad(rows_per_chunk=300), Pages([100] * 4, failure)
    assert next_chunk(run, pages) == 300
    assert run.has_more()
    assert next_chunk(run, pages) == 100
    assert run.stream(TABLE).state() == {"pages": 4}
    for _ in range(2):
        with pytest.raises(type(failure)) as raised:
            run.has_more()
        assert raised.value is failure


def test_a_failure_before_a_reading_can_be_gone_on_with_is_raised_at_once() -> None:
    with pytest.raises(ServiceUnavailable):
        next_chunk(ChunkedLoad(), Pages([100], ServiceUnavailable("no network"), resumable_from=2))


def test_a_failure_of_a_run_in_one_part_is_raised_at_once() -> None:
    with pytest.raises(ServiceUnavailable):
        next_chunk(ChunkedLoad(rows_per_chunk=None), Pages([100], ServiceUnavailable("no network")))


def test_a_defect_is_raised_at_once() -> None:
    with pytest.raises(ZeroDivisionError):
        next_chunk(ChunkedLoad(), Pages([100], ZeroDivisionError()))


def test_leaving_a_run_stops_its_reading() -> None:
    pages = Pages([100] * 5)
    with ChunkedLoad(rows_per_chunk=100) as run:
        next_chunk(run, pages)
        assert not pages.closed
    assert pages.closed


def test_leaving_a_run_that_never_began_does_nothing() -> None:
    with ChunkedLoad():
        pass


def test_a_run_counts_on_the_tally_it_is_given_or_its_own() -> None:
    metrics = SyncMetrics()
    assert ChunkedLoad(metrics).metrics is metrics
    assert ChunkedLoad().metrics is not ChunkedLoad().metrics


def test_streams_are_read_beside_each_other_each_to_its_end() -> None:
    run, long, short = ChunkedLoad(rows_per_chunk=100), Pages([100] * 3), Pages([7])
    found = []
    while run.has_more():
        found.append((next_chunk(run, long, "long"), next_chunk(run, short, "short")))
    assert found == [(100, 7), (100, 0), (100, 0), (0, 0)]
    assert (run.stream("long").state(), run.stream("short").state()) == ({"pages": 3}, {"pages": 1})
    assert (long.begun, short.begun) == (1, 1)


def test_a_stream_that_is_not_selected_is_not_waited_for() -> None:
    run = ChunkedLoad()
    run.stream("left out")
    assert next_chunk(run, Pages([5])) == 5
    assert not run.has_more()


def test_the_first_failure_of_several_streams_is_raised_once_all_of_them_are_loaded() -> None:
    run, first = ChunkedLoad(rows_per_chunk=10), ServiceUnavailable("no network")
    assert next_chunk(run, Pages([10, 1], first), "first") == 10
    assert next_chunk(run, Pages([3]), "second") == 3
    assert next_chunk(run, Pages([]), "first") == 1
    assert not run.is_complete
    with pytest.raises(ServiceUnavailable) as raised:
        run.has_more()
    assert raised.value is first


def ahead(run: ChunkedLoad, pages: Pages) -> None:
    run.stream(TABLE).read_ahead(lambda: cast("IncrementalReader", pages), lambda: False)


def test_what_was_read_ahead_is_the_first_of_the_first_chunk_together() -> None:
    run, pages = ChunkedLoad(rows_per_chunk=50), Pages([100] * 4)
    ahead(run, pages)
    assert pages.read == 2
    assert run.has_more()
    assert (next_chunk(run, pages), run.stream(TABLE).state()) == (200, {"pages": 2})
    assert parts(run, pages) == [100, 100, 0]
    assert pages.begun == 1


def test_what_fails_ahead_is_begun_again_in_its_turn() -> None:
    run, failing, pages = ChunkedLoad(), Pages([100], ServiceUnavailable("down")), Pages([100, 50])
    ahead(run, failing)
    assert failing.closed
    assert run.has_more()
    assert parts(run, pages) == [150]


def test_what_was_counted_ahead_counts_no_more_once_it_is_dropped() -> None:
    metrics = SyncMetrics()
    for table in ("spine", TABLE):
        metrics.begin_stream(table)
        metrics.record_call(left=9)
        metrics.record_page(read=100, changed=90, rejected=10)
    metrics.drop_rows(TABLE)
    assert (metrics.calls, metrics.pages, metrics.read, metrics.changed, metrics.rejected) == (2, 1, 100, 90, 10)
    assert (metrics.streams[TABLE].calls, metrics.streams[TABLE].read) == (1, 0)


def test_a_load_tells_that_all_is_read_before_its_last_rows_and_not_after_a_failure() -> None:
    told: list[str] = []
    run = ChunkedLoad(on_read=lambda: told.append("read"))
    batches = run.stream(TABLE).next_chunk(lambda: cast("IncrementalReader", Pages([100])))
    told.extend(f"{len(batch.rows)} rows" for batch in batches)
    assert told == ["read", "100 rows"]
    run = ChunkedLoad(on_read=lambda: told.append("read again"))
    next_chunk(run, Pages([100], ServiceUnavailable("down")))
    assert "read again" not in told
