"""The command `partner-central` and its subcommands."""

from __future__ import annotations

import gc
import os
import sys
from typing import Annotated, NoReturn

import typer

from ..console.exit_codes import ExitCode, help_text
from ..console.signals import end_at_once
from ..console.streams import flush_standard_streams, open_standard_streams, write_line
from ..version import version
from .check import check
from .demo import demo
from .emulator import emulator
from .forget import forget
from .listen import listen
from .policy import policy
from .probe import probe
from .query import query
from .rates import rates
from .report import report
from .status import status
from .sync import sync
from .tables import tables


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"partner-central-sync {version()}")
        raise typer.Exit


def options(
    _: Annotated[
        bool, typer.Option("--version", help="Print the version, and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Keeps a database equal to the co-sell pipeline in AWS Partner Central."""


COMMANDS = {
    function.__name__: function
    for function in (sync, listen, check, policy, status, forget, query, tables, report, probe, demo, emulator)
}


def make_app(*names: str) -> typer.Typer:
    """Returns the command with these subcommands; with all if none is named.

    Typer builds all that it has: of thirteen, that takes longer than the call of a run with nothing new.
    """
    made = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog=help_text(),
    )
    made.callback()(options)
    for name in names or COMMANDS:
        made.command(epilog="Exit codes: see partner-central --help.")(COMMANDS[name])
    if not names:
        made.add_typer(rates, name="rates")
    return made


app = make_app()


def main() -> None:
    """Entry point of the console script."""
    open_standard_streams()
    end_at_once()
    # Rows are trees, which reference counts free; looking for cycles among them costs a tenth of a long load.
    gc.set_threshold(100_000, 20, 100)
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        (make_app(asked) if asked in COMMANDS else app)()
    except SystemExit as end:
        _exit_fast(end.code)
    except OSError as error:  # of the help and the version, which are printed outside of a command
        write_line("stderr", f"Standard output could not be written: {error.strerror}.")
        os._exit(ExitCode.RETRY_LATER)


def _exit_fast(code: object) -> NoReturn:
    """End at once: what Python frees at its end, object by object, is a fifth of the cost of a run with nothing new."""
    number = code if isinstance(code, int) else int(code is not None)
    if reason := flush_standard_streams():
        write_line("stderr", f"Standard output could not be written: {reason}.")
        number = number or ExitCode.RETRY_LATER
    os._exit(number)
