"""Measures this project beside its peers against the emulator, section by section.

    make bench                                  # docs/BENCHMARKS.md and docs/benchmarks.json
    make bench ARGS="--only speeds,quiet"       # these two, and the others stay as they are
    make bench-quick                            # less than three minutes; prints only

One command runs at a time if nothing else is said, against an emulator in this process. Figures of different machines
are not comparable, but their ratios are. Each section is written when it is measured, so a run that is ended keeps
what it has. The page comes from the JSON alone.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from figures import Table, dump, load, write
from report import page, since
from section import Section
from sections import QUICK, SECTIONS
from workshop import Plan, Workshop


def conditions() -> str:
    """Returns on what a section is about to be measured."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("dlt", "duckdb", "boto3"))
    return (
        f"Python {platform.python_version()}, {packages}, {os.cpu_count()} cores, {platform.system()}, "
        f"load {os.getloadavg()[0]:.1f} before"
    )


def measure(
    names: Sequence[str],
    shop: Workshop,
    figures: Path,
    out: Path | None = None,
    sections: Mapping[str, Section] = SECTIONS,
) -> list[str]:
    """Measures sections, and replaces each in both files when it is there.

    Args:
        names: of the sections.
        shop: where they are measured.
        figures: the JSON file; sections that are not named stay.
        out: the Markdown file, if one is wanted.
        sections: all there are, in the order of the page.

    Returns:
        The names of the sections that failed; what was kept of them stays.
    """
    failed = []
    for name in names:
        table = sections[name].empty(shop.plan)
        table.measured, table.conditions = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", conditions()
        print(f"\n## {table.title} ({table.conditions})\n\n| {' | '.join(table.columns)} |", flush=True)
        try:
            sections[name].measure(shop, table)
        except Exception:  # noqa: BLE001 - the sections after it are measured all the same
            traceback.print_exc()
            failed.append(name)
            continue
        keep(name, table, figures, out, sections)
    return failed


def keep(name: str, table: Table, figures: Path, out: Path | None, sections: Mapping[str, Section]) -> None:
    """Compares a section with what was kept of it, and replaces that."""
    kept = load(figures)
    table.compare(kept, name)
    kept[name] = table
    dump({one: kept[one] for one in sections if one in kept}, figures)
    if out:
        write(out, page(load(figures).values()))
    print("\n".join(["", *filter(None, [table.after]), *since(table)]), flush=True)


def _names(text: str) -> list[str]:
    unknown = set(names := text.split(",")) - SECTIONS.keys()
    if unknown:
        raise argparse.ArgumentTypeError(f"not {', '.join(sorted(unknown))}; sections are {', '.join(SECTIONS)}")
    return [name for name in SECTIONS if name in names]


def parser() -> argparse.ArgumentParser:
    """Returns what understands the command line."""
    usual = Plan()
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pandas", type=Path, required=True, help="virtual environment of peers/pandas.lock")
    arguments.add_argument("--singer", type=Path, required=True, help="virtual environment of peers/singer.lock")
    arguments.add_argument("--figures", type=Path, required=True, help="JSON file of the figures")
    arguments.add_argument("--out", type=Path, help="Markdown file to write from it")
    arguments.add_argument("--only", type=_names, metavar="SECTION[,SECTION]", help=f"of {', '.join(SECTIONS)}")
    arguments.add_argument("--page", action="store_true", help="measure nothing: write the page from the figures again")
    arguments.add_argument("--quick", action="store_true", help="measure the most important in less than three minutes")
    arguments.add_argument("--large", type=int, default=usual.large, help="records of a large load")
    arguments.add_argument("--largest", type=int, default=usual.largest, help="records of the largest load")
    return arguments


def plan_of(given: argparse.Namespace) -> Plan:
    """Returns how much is measured, by a command line."""
    return Plan(large=10_000, pairs=5, is_quick=True) if given.quick else Plan(given.large, given.largest)


def main() -> int:
    """Measure everything, or the sections that are named."""
    given = parser().parse_args()
    if given.page:
        write(given.out, page(load(given.figures).values()))
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what it started ends with it
    plan = plan_of(given)
    with TemporaryDirectory() as folder:
        shop = Workshop(Path(folder), given.pandas.absolute(), given.singer.absolute(), plan)
        names = given.only or list(QUICK if given.quick else SECTIONS)
        failed = measure(names, shop, given.figures, given.out)
    if failed:
        print(f"\nFailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
