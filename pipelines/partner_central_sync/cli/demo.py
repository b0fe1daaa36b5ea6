"""`partner-central demo`: shows everything with invented data."""

from __future__ import annotations

from .options import QuietOption, VerboseOption
from .run import run_command


def demo(quiet: QuietOption = False, verbose: VerboseOption = False) -> None:
    """Show it all with invented data: a local Partner Central, two syncs, tables, SQL. Needs no account."""
    with run_command(quiet=quiet, verbose=verbose) as console:
        from .demo_tour import demo as tour

        tour(console)
