"""`partner-central status`: reports what is loaded and what is pending."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import typer

from ..console.exit_codes import ExitCode, of_several
from ..console.streams import print_line
from .options import (
    AccountOption,
    AllAccountsOption,
    CatalogOption,
    DatabaseOption,
    DatasetOption,
    DestinationOption,
)
from .run import (
    has_accounts_to_choose,
    run_command,
    selected_accounts,
    settings_from,
    settings_of_each,
    with_database,
)

StatusFormat = Literal["text", "json"]


def status(
    catalog: CatalogOption = None,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
    account: AccountOption = None,
    all_accounts: AllAccountsOption = False,
    database: DatabaseOption = None,
    max_age: Annotated[
        str | None,
        typer.Option(
            metavar="AGE",
            help="End with an exit code other than 0 if the data are older, such as 2h, 90m or 1d, or if the last run "
            "failed or is held.",
        ),
    ] = None,
    form: Annotated[
        StatusFormat, typer.Option("--format", "-f", help="Plain lines, or one JSON object for each account.")
    ] = "text",
) -> None:
    """Show what is loaded, up to which watermark, how the last run ended, and what is pending. Makes no call to AWS.

    Where accounts are listed, it shows each of them.
    """
    with run_command():
        from ..console.secrets import mask, masked
        from ..sync.last_run import LastRun, Unknown, parse_age
        from ..sync.status import LAST, UNKNOWN
        from ..sync.status import status as look

        try:
            age = None if max_age is None else parse_age(max_age)
        except ValueError as rule:
            raise typer.BadParameter(str(rule), param_hint="--max-age") from None
        codes: list[ExitCode] = []
        every = all_accounts or (account is None and has_accounts_to_choose(catalog, dataset))
        accounts = selected_accounts(account, catalog, dataset, every=every)
        base = with_database(settings_from(catalog, destination, dataset), database)
        of_each = settings_of_each(accounts, base, show=form == "text")
        for number, settings in enumerate(of_each):
            values: dict[str, Any] = {"account": accounts[number].name} if accounts else {}
            last: LastRun | None = None
            unknown: Unknown | None = None
            for line in look(settings):
                last, unknown = line.values.get(LAST, last), line.values.get(UNKNOWN, unknown)
                values |= {name: value for name, value in line.values.items() if name not in {LAST, UNKNOWN}}
                if form == "text":
                    print_line(f"{line.subject:<22} {mask(line.text)}")
            if age is not None:
                known = last or unknown or LastRun({}, None, gone=None, held=0)
                codes.append(known.code(age, datetime.now(UTC)))
                values["exit_code"] = int(codes[-1])
            if form == "json":
                print_line(json.dumps(masked(values)))
        if code := of_several(codes):
            raise typer.Exit(code)
