"""A run in parts: where one ends, what is stored behind it, what a failure leaves."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pytest

from partner_central.errors import BudgetSpent, PartnerCentralError, Unavailable
from partner_central.metrics import Tally
from partner_central.read.incremental import Reading
from partner_central.read.load import Run
from partner_central.tables.row_batch import Batch


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

    def batches(self) -> Generator[Batch]:
        self.begun += 1
        try:
            for number, rows in enumerate(self.rows):
                self.read += 1
                yield Batch(rows=[{"id": f"O{number}-{row}"} for row in range(rows)])
            if self.failure:
                raise self.failure
        finally:
            self.closed = True

    def state(self) -> dict[str, Any]:
        return {"pages": self.read}


def part(run: Run, pages: Pages) -> int:
    """How many rows the next part has."""
    return sum(len(batch.rows) for batch in run.part(lambda: cast("Reading", pages)))


def parts(run: Run, pages: Pages) -> list[int]:
    """How many rows each part has, to the end."""
    found = []
    while run.goes_on():
        found.append(part(run, pages))
    return found


def test_a_part_ends_with_the_page_that_fills_it() -> None:
    assert parts(Run(rows_per_part=250), Pages([100] * 7)) == [300, 300, 100]
    assert parts(Run(rows_per_part=250), Pages([100, 0, 0, 150, 300, 1])) == [250, 300, 1]


def test_pages_are_handed_on_together_with_what_was_rejected_and_whether_they_are_the_first() -> None:
    pages = Pages([100] * 120)
    batches = list(Run(rows_per_part=None).part(lambda: cast("Reading", pages)))
    assert [len(batch.rows) for batch in batches] == [5000, 5000, 2000]
    assert [row["id"] for batch in batches for row in batch.rows] == [
        f"O{page}-{row}" for page in range(120) for row in range(100)
    ]
    whole = Batch(first=True)
    whole.add(Batch(rejected=[{"id": "O1"}]))
    whole.add(Batch(rows=[{"id": "O2"}], rejected=[{"id": "O3"}]))
    assert whole == Batch([{"id": "O2"}], [{"id": "O1"}, {"id": "O3"}], first=True)


def test_what_is_short_is_one_part() -> None:
    assert parts(Run(), Pages([100, 50])) == [150]


def test_a_run_that_finds_nothing_is_one_part_as_well_which_stores_the_state() -> None:
    run = Run()
    assert parts(run, Pages([])) == [0]
    assert run.state() == {"pages": 0}


def test_a_part_that_is_full_with_the_last_page_is_followed_by_an_empty_one_which_stores_the_state() -> None:
    assert parts(Run(rows_per_part=100), Pages([100, 100])) == [100, 100, 0]


def test_pages_without_rows_fill_no_part() -> None:
    assert parts(Run(rows_per_part=100), Pages([0] * 50)) == [0]


def test_rejected_records_fill_batches_and_parts_as_rows_do() -> None:
    page = Batch(rejected=[{"id": "O1"}] * 100)

    class Bad(Pages):
        def batches(self) -> Generator[Batch]:
            yield from (Batch(rejected=list(page.rejected)) for _ in range(120))

    whole = list(Run(rows_per_part=None).part(lambda: cast("Reading", Bad([]))))
    assert [len(batch.rejected) for batch in whole] == [5000, 5000, 2000]
    first = list(Run(rows_per_part=1000).part(lambda: cast("Reading", Bad([]))))
    assert [len(batch.rejected) for batch in first] == [1000]


def test_a_reading_begins_once_for_all_parts() -> None:
    pages, begun = Pages([100] * 5), []

    def begin() -> Reading:
        begun.append(pages)
        return cast("Reading", pages)

    run = Run(rows_per_part=100)
    while run.goes_on():
        list(run.part(begin))
    assert (len(begun), pages.begun) == (1, 1)


def test_nothing_is_begun_before_the_first_part_is_read() -> None:
    run = Run()
    assert run.goes_on()
    assert run.state() == {}
    pages = Pages([1])
    run.part(lambda: cast("Reading", pages))
    assert pages.begun == 0


def test_the_state_behind_a_part_is_that_of_what_was_handed_on() -> None:
    run, pages, states = Run(rows_per_part=200), Pages([100] * 5), []
    while run.goes_on():
        part(run, pages)
        states.append(run.state()["pages"])
    assert states == [2, 4, 5]


def test_a_reading_that_cannot_be_gone_on_with_yet_is_not_parted() -> None:
    assert parts(Run(rows_per_part=100), Pages([100] * 6, resumable_from=4)) == [400, 100, 100, 0]


def test_without_a_size_everything_is_one_part() -> None:
    assert parts(Run(rows_per_part=None), Pages([10_000] * 5)) == [50_000]


@pytest.mark.parametrize("failure", [Unavailable("no network"), BudgetSpent("tomorrow")])
def test_a_failure_ends_its_part_and_is_raised_once_that_is_loaded(failure: PartnerCentralError) -> None:
    run, pages = Run(rows_per_part=300), Pages([100] * 4, failure)
    assert part(run, pages) == 300
    assert run.goes_on()
    assert part(run, pages) == 100
    assert run.state() == {"pages": 4}
    for _ in range(2):
        with pytest.raises(type(failure)) as raised:
            run.goes_on()
        assert raised.value is failure


def test_a_failure_before_a_reading_can_be_gone_on_with_is_raised_at_once() -> None:
    with pytest.raises(Unavailable):
        part(Run(), Pages([100], Unavailable("no network"), resumable_from=2))


def test_a_failure_of_a_run_in_one_part_is_raised_at_once() -> None:
    with pytest.raises(Unavailable):
        part(Run(rows_per_part=None), Pages([100], Unavailable("no network")))


def test_a_defect_is_raised_at_once() -> None:
    with pytest.raises(ZeroDivisionError):
        part(Run(), Pages([100], ZeroDivisionError()))


def test_leaving_a_run_stops_its_reading() -> None:
    pages = Pages([100] * 5)
    with Run(rows_per_part=100) as run:
        part(run, pages)
        assert not pages.closed
    assert pages.closed


def test_leaving_a_run_that_never_began_does_nothing() -> None:
    with Run():
        pass


def test_a_run_counts_on_the_tally_it_is_given_or_its_own() -> None:
    tally = Tally()
    assert Run(tally).tally is tally
    assert Run().tally is not Run().tally
