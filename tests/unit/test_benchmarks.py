"""The benchmarks write section by section, and compare each with what was kept of it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import run
import timed_sync
from costs import SECTION as COSTS
from figures import COUNTED, MORE_IS_BETTER, OF_THE_PACE, Table, dump, load, spread_of
from process import cpu_seconds_of
from report import page
from section import Section
from sections import QUICK, SECTIONS
from workshop import Plan, Workshop, pinned

DOCS = Path(__file__).parents[2] / "docs"
COLUMNS = ["what", "CPU s", "fraction of the quota", "above ideal", "load average"]


def of(cpu: str, fraction: str, spread: float | None = None, name: str = "this") -> Table:
    found = Table("Speed", COLUMNS, measured="a day", conditions="a machine")
    found.row(name, cpu, fraction, "+4.5%", "9.1", spread=spread)
    found.row("steady", "1.00", "", "", "0.1", spread=0.1)
    return found


def ends(_shop: Workshop, table: Table) -> None:
    table.row("half", "1.0")
    raise KeyboardInterrupt


def fails(_shop: Workshop, table: Table) -> None:
    table.row("half", "1.0")
    raise ValueError("no such command")


def section(title: str, cpu: str) -> Section:
    return Section(title, "what | CPU s", lambda _shop, table: table.row(f"a {title}", cpu))


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path, tmp_path, tmp_path)


def test_figures_are_those_cells_that_can_be_compared_and_come_back(tmp_path: Path) -> None:
    found = of("1,234.5", "0.80", 0.2)
    assert [*found.values()][:2] == [("this", "CPU s", 1234.5), ("this", "fraction of the quota", 0.8)]
    assert {column for _, column, _ in found.values()} == {"CPU s", "fraction of the quota"}
    dump({"speeds": found}, tmp_path / "build" / "figures.json")
    assert load(tmp_path / "build" / "figures.json") == {"speeds": found}
    assert load(tmp_path / "none.json") == {}


@pytest.mark.parametrize(
    ("before", "now", "worse"),
    [
        (of("2.00", "0.80", 0.2), of("2.30", "0.80", 0.02), []),
        (of("2.00", "0.80", 0.2), of("2.50", "0.80", 0.02), ["this: CPU s 2 -> 2.5"]),
        (of("2.00", "0.80", 0.01), of("1.00", "0.60", 0.01), ["this: fraction of the quota 0.8 -> 0.6"]),
        (of("2.00", "0.80"), of("2.35", "0.80"), []),
        (of("2.00", "0.80"), of("2.45", "0.80"), ["this: CPU s 2 -> 2.45"]),
        (of("2.00", "0.80", 0.2), of("9.00", "0.10", 0.2, name="new"), []),
    ],
    ids=["within its noise", "beyond it", "more is better", "measured once", "once, beyond all noise", "a new row"],
)
def test_what_is_worse_by_more_than_the_noise_is_said(before: Table, now: Table, worse: list[str]) -> None:
    compared = Table(now.title, now.columns, rows=now.rows, spreads=now.spreads)
    compared.compare({"speeds": before}, "speeds")
    assert (compared.before, compared.worse) == ("a day", worse)
    lines = page([compared]).splitlines()
    told = f"- Speed, compared with a day: {'worse in' if worse else 'nothing worse.'}"
    assert lines[lines.index(told) :] == [told, *(f"  - {line}" for line in worse)]


@pytest.mark.parametrize("kept", [{}, {"costs": of("1", "1")}, {"speeds": Table("Speed of less", COLUMNS)}])
def test_a_section_is_compared_with_nothing_but_itself(kept: dict[str, Table]) -> None:
    now = of("2.00", "0.80")
    now.compare(kept, "speeds")
    assert (now.before, now.worse) == ("", [])
    assert page([now]).endswith("- Speed: not measured before.")


def test_a_row_measured_once_has_twice_the_middle_noise_of_all_sections() -> None:
    others = {"costs": of("1.00", "1.00", 0.3), "accounts": of("1.00", "1.00", 9.0)}  # a noisy section hides no other
    for cpu, worse in (("2.75", []), ("2.85", ["this: CPU s 2 -> 2.85"])):
        now = of(cpu, "0.80")
        now.spreads["steady"] = 0.3
        now.compare({"speeds": of("2.00", "0.80"), **others}, "speeds")
        assert now.worse == worse


@pytest.mark.parametrize(
    ("before", "now", "worse"),
    [
        (("20.0", "0.86", "208", "0"), ("20.9", "0.83", "212", "2"), []),
        (("20.0", "0.86", "208", "0"), ("19.0", "0.95", "100", "0"), []),
        (("20.0", "0.86", "208", "0"), ("21.1", "0.86", "208", "0"), ["this: seconds 20 -> 21.1"]),
        (("20.0", "0.86", "208", "0"), ("20.0", "0.81", "208", "0"), ["this: fraction of the quota 0.86 -> 0.81"]),
        (("20.0", "0.86", "208", "0"), ("20.0", "0.86", "221", "0"), ["this: calls 208 -> 221"]),
        (("20.0", "0.86", "208", "0"), ("20.0", "0.86", "208", "3"), ["this: throttles 0 -> 3"]),
        (("20.0", "0.86", "1", "0"), ("20.0", "0.86", "4", "0"), ["this: calls 1 -> 4"]),
    ],
)
def test_calls_and_the_pace_have_hardly_any_noise(before: list[str], now: list[str], worse: list[str]) -> None:
    columns = ["what", "seconds", "fraction of the quota", "calls", "throttles"]
    kept, found = Table("Speed", columns), Table("Speed", columns)
    kept.row("this", *before, spread=0.9)
    found.row("this", *now)
    found.compare({"speeds": kept}, "speeds")
    assert found.worse == worse


def test_the_columns_that_are_compared_otherwise_are_columns_of_sections() -> None:
    heads = {head for section in SECTIONS.values() for head in section.empty(Plan()).columns}
    assert heads >= COUNTED | OF_THE_PACE | MORE_IS_BETTER


def test_the_spread_of_many_repeats_is_that_of_their_middle_half() -> None:
    assert spread_of([1.0, 1.2, 1.1]) == pytest.approx(0.2 / 1.1)
    assert spread_of([1.0, 1.1, 1.0, 1.1, 1.0, 1.1, 9.0]) < 0.11


def test_a_run_that_is_ended_keeps_the_sections_it_has_measured(tmp_path: Path, shop: Workshop) -> None:
    figures, out = tmp_path / "figures.json", tmp_path / "page.md"
    sections = {"one": section("first", "1.0"), "two": Section("second", "what | CPU s", ends)}
    with pytest.raises(KeyboardInterrupt):
        run.measure(["one", "two"], shop, figures, out, sections)
    assert list(load(figures)) == ["one"]
    assert "| a first | 1.0 |" in out.read_text()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["figures.json", "page.md"]


def test_named_sections_replace_theirs_and_the_others_stay_in_their_order(tmp_path: Path, shop: Workshop) -> None:
    figures, out = tmp_path / "figures.json", tmp_path / "page.md"
    sections = {"one": section("first", "1.0"), "two": section("second", "2.0"), "three": section("third", "3.0")}
    assert run.measure(["three", "one"], shop, figures, out, sections) == []
    before = load(figures)
    assert run.measure(["two", "three"], shop, figures, out, sections | {"three": section("third", "4.0")}) == []
    after = load(figures)
    assert list(after) == ["one", "two", "three"]
    assert after["one"] == before["one"]
    assert after["three"].rows == [["a third", "4.0"]]
    assert (after["three"].before, after["three"].worse) == (
        before["three"].measured,
        ["a third: CPU s 3 -> 4"],
    )
    assert out.read_text() == f"{page(after.values())}\n"


def test_a_section_that_fails_keeps_what_it_had_and_the_next_is_measured(
    tmp_path: Path, shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = tmp_path / "figures.json"
    run.measure(["one"], shop, figures, sections={"one": section("first", "1.0")})
    sections = {"one": Section("first", "what | CPU s", fails), "two": section("second", "2.0")}
    assert run.measure(["one", "two"], shop, figures, sections=sections) == ["one"]
    assert [table.rows for table in load(figures).values()] == [[["a first", "1.0"]], [["a second", "2.0"]]]
    assert "no such command" in capsys.readouterr().err


def test_every_section_says_when_and_on_what_it_was_measured(tmp_path: Path, shop: Workshop) -> None:
    out = tmp_path / "page.md"
    run.measure(["one"], shop, tmp_path / "figures.json", out, {"one": section("first", "1.0")})
    (line,) = [line for line in out.read_text().splitlines() if line.startswith("Measured on ")]
    for part in (" UTC: Python 3.", ", dlt ", ", duckdb ", ", boto3 ", " cores, ", ", load "):
        assert part in line


def test_the_sections_come_in_the_order_of_what_matters_and_have_a_head() -> None:
    assert list(SECTIONS) == ["speeds", "costs", "parts", "quiet", "search", "accounts", "growth", "report", "events"]
    assert SECTIONS.keys() >= set(QUICK)
    tables = [section.empty(Plan(large=12_345)) for section in SECTIONS.values()]
    assert len({table.title for table in tables}) == len(tables)
    assert COSTS.empty(Plan(large=12_345)).title == "Cost of 12,345 records"
    assert "{" not in page(tables)


def test_a_section_that_is_not_there_is_refused() -> None:
    assert run._names("quiet,speeds") == ["speeds", "quiet"]
    with pytest.raises(run.argparse.ArgumentTypeError, match="not fast; sections are speeds, costs"):
        run._names("fast,quiet")


def test_the_page_is_written_again_without_a_measurement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures, out = tmp_path / "figures.json", tmp_path / "page.md"
    dump({"speeds": of("2.00", "0.80")}, figures)
    options = ["--pandas", "-", "--singer", "-", "--figures", str(figures), "--out", str(out), "--page"]
    monkeypatch.setattr("sys.argv", ["run.py", *options])
    assert run.main() == 0
    assert out.read_text() == f"{page([of('2.00', '0.80')])}\n"


def test_the_page_says_what_the_kept_figures_say() -> None:
    """After a change of the page's words: `make bench ARGS=--page`."""
    for figures in DOCS.glob("benchmarks.json"):
        assert (DOCS / "BENCHMARKS.md").read_text(encoding="utf-8") == f"{page(load(figures).values())}\n"


def test_the_processor_time_of_a_running_process_is_known() -> None:
    before = time.process_time()
    assert before - 0.02 <= cpu_seconds_of(os.getpid()) <= time.process_time() + 0.02


def test_peers_are_named_with_the_versions_of_their_locks() -> None:
    for peer, package in (("pandas", "pandas"), ("singer", "target-duckdb")):
        name, version = pinned(peer, package).split()
        lock = Path(__file__).parents[2] / "benchmarks" / "peers" / f"{peer}.lock"
        assert f"\n{name}=={version} \\\n" in lock.read_text()


def test_a_command_line_without_sizes_measures_the_plan() -> None:
    places = ["--pandas", "one", "--singer", "other", "--figures", "figures.json"]
    assert run.plan_of(run.parser().parse_args(places)) == Plan()
    assert run.plan_of(run.parser().parse_args([*places, "--large", "7", "--largest", "9"])) == Plan(7, 9)
    assert run.plan_of(run.parser().parse_args([*places, "--quick"])).is_quick


def test_a_part_is_charged_for_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.5]
    monkeypatch.setattr(timed_sync.time, "thread_time", lambda: now[0])

    def works(seconds: float, *inner: Callable[[], object]) -> None:
        now[0] += seconds
        for one in inner:
            one()
        now[0] += seconds

    def steps() -> Iterator[int]:
        for step in range(3):
            works(1)
            yield step

    clock = timed_sync.Clock()
    rows = clock.timed("rows", lambda: works(2))
    extraction = clock.timed("extraction", lambda: works(8, rows, rows))
    items = clock.timed("arrow", steps)
    extraction()
    for _ in items():
        works(16)
    clock.charge()
    assert clock.seconds == {"start": 0.5 + 3 * 32, "extraction": 16, "rows": 8, "arrow": 6}


def test_the_memory_of_a_part_is_the_most_that_there_was_meanwhile() -> None:
    clock = timed_sync.Clock()

    def reads(*resident: int) -> None:
        for one in resident:
            clock.note_memory(one)

    reads(100)
    clock.timed("rows", lambda: reads(300, 200))()
    reads(400)
    assert clock.peaks == {"start": 100, "rows": 300}


def test_the_time_of_another_thread_is_not_charged() -> None:
    clock = timed_sync.Clock()
    elsewhere = threading.Thread(target=clock.timed("loading", lambda: None))
    elsewhere.start()
    elsewhere.join()
    assert "loading" not in clock.seconds
