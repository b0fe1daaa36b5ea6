"""The comparison of a benchmark with the last run."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

MODULE = Path(__file__).parents[2] / "benchmarks" / "figures.py"
SPEC = importlib.util.spec_from_file_location("figures", MODULE)
assert SPEC is not None
assert SPEC.loader is not None
sys.modules["figures"] = figures = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(figures)
COLUMNS = ["what", "CPU s", "fraction of the quota", "above ideal", "load average"]


def of(cpu: str, fraction: str, spread: float | None = None, name: str = "this") -> figures.Figures:
    found = figures.Figures("On a day.")
    found.note("Speed", COLUMNS, [name, cpu, fraction, "+4.5%", "9.1"], spread)
    found.note("Speed", COLUMNS, ["steady", "1.00", "", "", "0.1"], 0.1)
    return found


def test_only_figures_are_kept_and_they_come_back_from_the_file(tmp_path: Path) -> None:
    found = of("1,234.5", "0.80", 0.2)
    assert found.values["Speed"]["this"] == {"CPU s": 1234.5, "fraction of the quota": 0.8}
    found.dump(tmp_path / "build" / "figures.json")
    assert figures.load(tmp_path / "build" / "figures.json") == found
    assert figures.load(tmp_path / "none.json") is None


@pytest.mark.parametrize(
    ("before", "now", "worse"),
    [
        (of("2.00", "0.80", 0.2), of("2.30", "0.80", 0.02), []),
        (of("2.00", "0.80", 0.2), of("2.50", "0.80", 0.02), ["Speed, this: CPU s 2 -> 2.5 (25% worse)"]),
        (
            of("2.00", "0.80", 0.01),
            of("1.00", "0.60", 0.01),
            ["Speed, this: fraction of the quota 0.8 -> 0.6 (25% worse)"],
        ),
        (of("2.00", "0.80"), of("2.15", "0.80"), []),
        (of("2.00", "0.80"), of("2.25", "0.80"), ["Speed, this: CPU s 2 -> 2.25 (12% worse)"]),
        (of("2.00", "0.80", 0.2), of("9.00", "0.10", 0.2, name="new"), []),
    ],
    ids=["within its noise", "beyond it", "more is better", "measured once", "once, beyond all noise", "a new row"],
)
def test_what_is_worse_by_more_than_the_noise_is_said(
    before: figures.Figures, now: figures.Figures, worse: list[str]
) -> None:
    assert now.worse_than(before) == worse
    told = [*figures.compare(now, before)]
    assert told[0] == "Compared with the run before. On a day."
    assert told[1:] == ([f"- {line}" for line in worse] or ["Nothing is worse by more than the noise of the repeats."])


def test_the_first_run_has_nothing_to_compare_with() -> None:
    assert [*figures.compare(of("1", "1"), None)] == ["No earlier run is known here."]


def test_the_spread_of_many_repeats_is_that_of_their_middle_half() -> None:
    assert figures.spread_of([1.0, 1.2, 1.1]) == pytest.approx(0.2 / 1.1)
    assert figures.spread_of([1.0, 1.1, 1.0, 1.1, 1.0, 1.1, 9.0]) < 0.11
