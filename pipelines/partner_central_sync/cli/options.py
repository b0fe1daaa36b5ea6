"""Options that several commands share, and the values they accept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ..destinations import names

CatalogName = Literal["AWS", "Sandbox"]
PiiMode = Literal["keep", "mask", "drop"]
LogFormat = Literal["text", "json"]

CatalogOption = Annotated[
    CatalogName | None,
    typer.Option(help="The real catalog, which is the default, or the test one.", case_sensitive=False),
]
TablesOption = Annotated[
    str | None,
    typer.Option(
        metavar="TABLES",
        help="Tables to load, with commas between: names that partner-central tables lists, bulk (all that cost a "
        "call for many records) or all. The opportunities are always among them. [default: setting tables, or bulk]",
        show_default=False,
    ),
]
DatasetOption = Annotated[
    str | None,
    typer.Option(help="Dataset (schema) of the tables; by default partner_central, or partner_central_sandbox."),
]
DestinationOption = Annotated[
    str | None,
    typer.Option(
        help=f"A dlt destination: duckdb (the default), {', '.join(names()[1:])}, or another one that dlt knows, "
        "configured as in dlt."
    ),
]
AccountOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Only this one of the accounts listed in .dlt/config.toml.")
]
DatabaseOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="DuckDB file to read, instead of the configured one.", show_default=False),
]
AllAccountsOption = Annotated[
    bool,
    typer.Option(
        "--all-accounts",
        help="Every account listed in .dlt/config.toml, one after another. A failing account does not stop the others. "
        "The exit code is that of the account that needs a person most.",
    ),
]
PingOption = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Report start, success and failure to this URL, as healthchecks expects it: URL/start, URL, "
        "URL/<exit code>. A ping that fails never changes the run. [default: setting partner_central.ping]",
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print warnings and errors only.")]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Let dlt log as well, and show where an error came from.")
]
LogFormatOption = Annotated[LogFormat, typer.Option(help="Plain lines, or one JSON object a line.")]


def named_tables(option: str | None) -> tuple[str, ...]:
    """Returns the tables that an option names; none without it.

    Raises:
        ConfigurationError: it names none.
    """
    from partner_central.public import NO_TABLE, ConfigurationError

    if option is None:
        return ()
    names = tuple(filter(None, (name.strip() for name in option.split(","))))
    if not names:
        raise ConfigurationError(NO_TABLE)
    return names
