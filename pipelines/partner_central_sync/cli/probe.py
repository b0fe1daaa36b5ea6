"""`partner-central probe`: finds out what only a real account can tell."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..console.streams import print_line
from .options import AccountOption, CatalogOption
from .run import run_command, selected_accounts, settings_from

FILE = Path("partner-central-probe.json")
LONGEST_AGE_S = 600


def probe(
    catalog: CatalogOption = None,
    account: AccountOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Make the calls without a question.")] = False,
    output: Annotated[Path, typer.Option(metavar="FILE", help="The file to write.")] = FILE,
    token_age: Annotated[
        int, typer.Option(min=0, max=LONGEST_AGE_S, help="Seconds after which a NextToken is used again.")
    ] = 60,
) -> None:
    """Find out what only a real account can tell, and whether it contradicts what this project assumes.

    Makes at most 60 calls that read, which count among those of the day. Needs no destination. Prints a table, and
    writes a JSON file. Neither has anything of a record in it. A refused operation is a finding, not an error.
    """
    with run_command() as console:
        from ..probe.output import summary, write
        from ..probe.run import MOST_CALLS
        from ..probe.run import probe as run
        from ..probe.table import table

        accounts = selected_accounts(account, catalog, None, every=False)
        base = settings_from(catalog, None, None)
        settings = accounts[0].settings(base) if accounts else base
        folder = output.absolute().parent
        if not folder.is_dir():
            raise typer.BadParameter(f"There is no folder {folder} to write the file to", param_hint="--output")
        if not yes and not _is_agreed(f"At most {MOST_CALLS} calls read from catalog {settings.catalog}. Continue?"):
            print_line("Nothing was requested.")
            return
        result = run(
            settings,
            token_age=token_age,
            show=lambda what: console.begin_phase(f"probing {what}"),
            warn=console.warn,
        )
        console.close()
        write(result, output)
        for line in table(result, shutil.get_terminal_size().columns if sys.stdout.isatty() else None):
            print_line(line)
        print_line(summary(result))
        print_line(f"The same is in {output}, without anything of a record")


def _is_agreed(question: str) -> bool:
    """Returns whether the user agrees.

    Raises:
        BadParameter: there is no terminal to ask on.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise typer.BadParameter("the probe makes calls to AWS, and there is no terminal to ask on", param_hint="--yes")
    return typer.confirm(question, err=True)
