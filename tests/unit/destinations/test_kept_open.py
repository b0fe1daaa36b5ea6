"""For how long a file stays open: a moment after its last use, in a run, while it is the one at its path."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

import pytest

from partner_central_sync.destinations import kept_open
from partner_central_sync.destinations.kept_open import KeptOpen

FOREVER = 3_600.0
PATIENCE = 60  # seconds until a test fails whose event does not come


class Recorded:
    """A file that says how often it was opened to be kept, and when it was closed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.opened = 0
        self.closed = Event()
        path.touch()

    def open_again(self) -> Event:
        self.opened += 1
        self.closed.clear()
        return self.closed

    def use(self, kept: KeptOpen) -> kept_open.OpenFile | None:
        with kept.opening(self.path):
            return kept.begin_use(self.path, lambda: self.open_again().set)


@pytest.fixture
def file(tmp_path: Path) -> Recorded:
    return Recorded(tmp_path / "one.duckdb")


@pytest.fixture
def kept() -> KeptOpen:
    return KeptOpen()


def use(kept: KeptOpen, *files: Recorded) -> None:
    """Uses files, and ends that."""
    for file in files:
        if begun := file.use(kept):
            kept.end_use(begun)


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A moment that does not end during a test."""
    for name in ("SECONDS", "LONGEST"):
        monkeypatch.setattr(kept_open, name, FOREVER)
    return monkeypatch


@pytest.mark.usefixtures("moment")
def test_within_a_run_the_second_use_finds_the_file_open(kept: KeptOpen, file: Recorded) -> None:
    with kept.scope():
        use(kept, file, file, file)
        assert (file.opened, file.closed.is_set()) == (1, False)


@pytest.mark.usefixtures("moment")
@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_after_a_run_no_file_is_open_however_it_ended(
    error: type[BaseException] | None, kept: KeptOpen, tmp_path: Path
) -> None:
    files = [Recorded(tmp_path / name) for name in ("one.duckdb", "two.duckdb")]
    with suppress(KeyboardInterrupt), kept.scope():
        use(kept, *files)
        if error is not None:
            raise error
    assert [file.closed.is_set() for file in files] == [True, True]


@pytest.mark.usefixtures("moment")
def test_it_stays_open_from_one_account_of_a_list_to_the_next(kept: KeptOpen, file: Recorded) -> None:
    with kept.scope():
        for _ in range(2):
            with kept.scope():
                use(kept, file)
            assert not file.closed.is_set()
    assert (file.opened, file.closed.is_set()) == (1, True)


def test_outside_of_a_run_nothing_is_kept(kept: KeptOpen, file: Recorded) -> None:
    use(kept, file)
    with kept.scope():
        pass
    use(kept, file)
    assert file.opened == 0


def test_it_is_closed_a_moment_after_its_last_use_also_while_the_run_waits(
    kept: KeptOpen, file: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_open, "SECONDS", 0.01)
    with kept.scope():
        for times in (1, 2):
            use(kept, file)
            assert file.closed.wait(PATIENCE)
            assert file.opened == times


def test_a_moment_is_counted_from_the_last_use_and_of_each_file_by_itself(
    kept: KeptOpen, tmp_path: Path, moment: pytest.MonkeyPatch
) -> None:
    first, last = Recorded(tmp_path / "one.duckdb"), Recorded(tmp_path / "two.duckdb")
    with kept.scope():
        moment.setattr(kept_open, "SECONDS", 0.01)
        use(kept, first)
        moment.setattr(kept_open, "SECONDS", FOREVER)
        use(kept, last)
        assert first.closed.wait(PATIENCE)
        assert not last.closed.is_set()


def test_a_file_that_is_in_use_is_not_let_go(kept: KeptOpen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_open, "SECONDS", 0.01)
    long, other = Recorded(tmp_path / "one.duckdb"), Recorded(tmp_path / "two.duckdb")
    with kept.scope():
        begun = long.use(kept)
        assert begun is not None
        use(kept, long, other)
        assert other.closed.wait(PATIENCE)  # its moment ended after the one of the file in use
        assert not long.closed.is_set()
        kept.end_use(begun)
        assert long.closed.wait(PATIENCE)


@pytest.mark.usefixtures("moment")
@pytest.mark.parametrize("is_replaced", [True, False])
def test_a_file_that_was_moved_is_closed_before_its_path_is_opened(
    *, is_replaced: bool, kept: KeptOpen, file: Recorded, tmp_path: Path
) -> None:
    with kept.scope():
        use(kept, file)
        file.path.rename(tmp_path / "elsewhere.duckdb")
        if is_replaced:
            file.path.touch()
        with kept.opening(file.path):
            assert file.closed.is_set()
        use(kept, file)
        assert file.opened == 2


@pytest.mark.usefixtures("moment")
def test_a_use_that_outlasts_its_file_does_not_end_that_of_the_next(kept: KeptOpen, file: Recorded) -> None:
    with kept.scope():
        old = file.use(kept)
        file.path.rename(file.path.with_suffix(".old"))
        file.path.touch()
        new = file.use(kept)
        assert old is not None
        assert new is not None
        kept.end_use(old)
        assert (old.uses, new.uses) == (0, 1)


def test_a_file_that_was_open_for_long_is_closed_and_left_to_others(
    kept: KeptOpen, file: Recorded, moment: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    moment.setattr(kept_open, "sleep", waits.append)
    moment.setattr(kept_open, "TURN_SECONDS", FOREVER)
    with kept.scope():
        outer = file.use(kept)
        moment.setattr(kept_open, "LONGEST", 0.0)
        use(kept, file)
        assert (file.closed.is_set(), waits) == (False, []), "it is in use"
        assert outer is not None
        kept.end_use(outer)
        assert file.closed.is_set()
        moment.setattr(kept_open, "LONGEST", FOREVER)
        use(kept, file, file)
        assert waits == [pytest.approx(FOREVER, rel=0.1)], "once, before it is opened again"


@pytest.mark.usefixtures("moment")
def test_nothing_is_closed_while_another_thread_opens(kept: KeptOpen, file: Recorded) -> None:
    with kept.scope():
        use(kept, file)
        file.path.unlink()
        other = Thread(target=use, args=(kept, file))
        with kept.opening(file.path.with_suffix(".other")):
            other.start()
            other.join(0.05)
            assert not file.closed.is_set()
        other.join(PATIENCE)
        assert file.opened == 2
