"""The command line `partner-central`."""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

if TYPE_CHECKING:
    from ..console.output import Report
    from ..sync.accounts import Account
    from ..sync.settings import Settings

EXIT_CODES = (
    "Exit codes: 0 done · 1 unexpected, a defect · 2 wrong arguments, configuration or credentials · 3 refused by AWS "
    "(permission, validation) · 4 failed for now (AWS or the destination): run again later · 5 another run is active · "
    "6 done, but too many opportunities were no longer listed: look, then --full --accept-removals · 7 too many "
    "records could not become rows: look at opportunities_rejected; the cursor is held · 130 interrupted."
)


class Catalog(StrEnum):
    """The catalogs of Partner Central."""

    AWS = "AWS"
    SANDBOX = "Sandbox"


class Skew(StrEnum):
    """How the emulator spreads CreatedDate."""

    UNIFORM = "uniform"
    SKEWED = "skewed"
    HOUR = "hour"
    INSTANT = "instant"


class Token(StrEnum):
    """What the emulator's NextToken remembers."""

    OFFSET = "offset"
    POSITION = "position"
    SNAPSHOT = "snapshot"


class Pii(StrEnum):
    """What becomes of personal data."""

    KEEP = "keep"
    MASK = "mask"
    DROP = "drop"


class LogFormat(StrEnum):
    """How a run is logged."""

    TEXT = "text"
    JSON = "json"


class Form(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    MARKDOWN = "markdown"


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Keeps a database equal to the co-sell pipeline in AWS Partner Central.",
    epilog=EXIT_CODES,
)

CatalogOption = Annotated[
    Catalog | None, typer.Option(help="The real catalog, which is the default, or the test one.", case_sensitive=False)
]
DatasetOption = Annotated[
    str | None,
    typer.Option(help="Dataset (schema) of the tables; by default partner_central, or partner_central_sandbox."),
]
DestinationOption = Annotated[
    str | None,
    typer.Option(
        help="A dlt destination: duckdb (the default), postgres, snowflake, bigquery ... configured as dlt says."
    ),
]
AccountOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Only this one of the accounts listed in .dlt/config.toml.")
]
AllAccountsOption = Annotated[
    bool,
    typer.Option(
        "--all-accounts",
        help="Every account listed in .dlt/config.toml, one after another; a failure does not stop the others, the "
        "lowest exit code but 0 tells.",
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Say warnings and errors only.")]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Let dlt log as well, and show where an error came from.")
]
LogFormatOption = Annotated[LogFormat, typer.Option(help="Plain lines, or one JSON object a line.")]


@app.command(epilog=EXIT_CODES)
def sync(
    catalog: CatalogOption = None,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="Read everything again and merge. Heals what a listing can miss; weekly is plenty. One that was "
            "interrupted goes on, unless --since or --pii say something else than they did: then it begins anew.",
        ),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="Begin a first load, or a full one, at this LastModifiedDate (ISO 8601, UTC). Later runs go on from "
            "where the last one came. A load that was interrupted begins anew when this is another date.",
        ),
    ] = None,
    max_calls: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Stop after this many calls: what was read is loaded, and the next run goes on. An account has "
            "100,000 a day for all its programs.",
        ),
    ] = None,
    life_cycle_stage: Annotated[
        list[str] | None,
        typer.Option(help="Only this stage, e.g. Launched. Repeat for more; so for the other filters."),
    ] = None,
    life_cycle_review_status: Annotated[list[str] | None, typer.Option(help="Only this review status.")] = None,
    customer_company_name: Annotated[list[str] | None, typer.Option(help="Only this customer.")] = None,
    identifier: Annotated[list[str] | None, typer.Option(help="Only this opportunity id.")] = None,
    pii: Annotated[
        Pii | None,
        typer.Option(
            help="Names, addresses and free text of customers: as they are, as keyed hashes (which needs the secret "
            "pii_key), or left out. It holds for rows read from now on, and an interrupted load begins anew with it; "
            "for what is stored: sync --full, then partner-central forget. [default: keep]"
        ),
    ] = None,
    accept_removals: Annotated[
        bool,
        typer.Option(
            "--accept-removals",
            help="With --full: mark as gone what this run finds no longer listed, however many they are. What an "
            "earlier run held back is not marked without being listed again.",
        ),
    ] = False,
    accept_account: Annotated[
        bool,
        typer.Option(
            "--accept-account",
            help="Load from another AWS account than the dataset was loaded from, and begin anew. Without it, other "
            "credentials than before are refused (exit 2).",
        ),
    ] = False,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
    account: AccountOption = None,
    all_accounts: AllAccountsOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    log_format: LogFormatOption = LogFormat.TEXT,
) -> None:
    """Load what is new or changed since the last sync.

    By default into partner_central.duckdb in this folder. A failed run changes nothing; the next one goes on. Each set
    of filters keeps its own place, and a row stays as it was last seen when its opportunity leaves the filter.
    """
    filters = {
        "life_cycle_stage": life_cycle_stage or [],
        "life_cycle_review_status": life_cycle_review_status or [],
        "customer_company_name": customer_company_name or [],
        "identifier": identifier or [],
    }
    with _run(log_format, quiet=quiet, verbose=verbose) as report:
        from ..sync.all_accounts import sync_each
        from ..sync.job import sync as run_sync

        accounts = _accounts(account, catalog, dataset, every=all_accounts)
        base = _settings(catalog, destination, dataset)
        settings = replace(
            base,
            full=full,
            since=since,
            max_calls=max_calls,
            filters=filters,
            pii=pii and pii.value,
            accept_removals=accept_removals,
            accept_account=accept_account,
        )
        if accept_removals and not full:
            report.note("--accept-removals is about what this run lists: add --full, so that it lists everything.")
        if accounts:
            raise typer.Exit(sync_each(accounts, settings, report))
        summary = run_sync(settings, report)
        report.summary(summary)
        if summary.code:
            raise typer.Exit(summary.code)


@app.command(epilog=EXIT_CODES)
def check(
    catalog: CatalogOption = None,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
    account: AccountOption = None,
    all_accounts: AllAccountsOption = False,
) -> None:
    """Say whether a sync would work: identity, endpoint, permission, destination. Reads no data."""
    with _run() as report:
        from ..console.failures import Exit
        from ..sync.check import check as look

        codes: list[Exit] = []
        accounts = _accounts(account, catalog, dataset, every=all_accounts)
        for settings in _each(accounts, _settings(catalog, destination, dataset)):
            failed = Exit.DONE
            for finding in look(settings):
                failed = failed or finding.code
                typer.echo(f"{'ok  ' if finding.code is Exit.DONE else 'FAIL'} {finding.subject:<12} {finding.text}")
            codes.append(failed)
        report.close()
        raise typer.Exit(min(filter(None, codes), default=Exit.DONE))


@app.command(epilog=EXIT_CODES)
def status(
    catalog: CatalogOption = None,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
    account: AccountOption = None,
    all_accounts: AllAccountsOption = False,
) -> None:
    """Say what is loaded, up to which watermark, when last, and what is pending. Asks nothing of AWS."""
    with _run():
        from ..sync.status import status as look

        accounts = _accounts(account, catalog, dataset, every=all_accounts)
        for settings in _each(accounts, _settings(catalog, destination, dataset)):
            for subject, text in look(settings):
                typer.echo(f"{subject:<22} {text}")


@app.command(epilog=EXIT_CODES)
def forget(
    pii: Annotated[
        Pii | None, typer.Option(help="What syncs do with personal data from now on: mask or drop. [default: as set]")
    ] = None,
    catalog: CatalogOption = None,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
    account: AccountOption = None,
    all_accounts: AllAccountsOption = False,
) -> None:
    """After a change of pii to mask or drop: clean what is stored in clear. Asks nothing of AWS.

    Rows, versions, rejected records, staged rows, dlt's working folder and free blocks of files; what it cannot reach,
    it says. It can be run again, also after it was interrupted.
    """
    with _run() as report:
        from ..forget.run import forget as clean

        accounts = _accounts(account, catalog, dataset, every=all_accounts)
        for settings in _each(accounts, _settings(catalog, destination, dataset)):
            for line in clean(replace(settings, pii=pii and pii.value), report):
                report.close()
                typer.echo(line)


@app.command(epilog=EXIT_CODES)
def query(
    sql: Annotated[
        str, typer.Argument(metavar="SQL", help="One SELECT, in the SQL of the destination; - reads it in.")
    ],
    form: Annotated[Form, typer.Option("--format", "-f", help="How the rows are printed.")] = Form.TABLE,
    catalog: CatalogOption = None,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
) -> None:
    """Ask the data with SQL, read only. Tables and views are found by their bare names.

    For example: partner-central query "SELECT * FROM stalled ORDER BY days_unchanged DESC"
    """
    with _run():
        from ..query.output_formats import print_rows
        from ..query.read_only import answered, opened

        text = sys.stdin.read() if sql == "-" else sql
        with opened(_settings(catalog, destination, dataset)) as client, answered(client, text) as answer:
            print_rows(answer.columns, answer.rows, form.value)


@app.command(epilog=EXIT_CODES)
def report(
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("report.html"),
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    catalog: CatalogOption = None,
    destination: DestinationOption = None,
    dataset: DatasetOption = None,
) -> None:
    """Write a page about the pipeline: one HTML file that loads nothing from anywhere. Asks nothing of AWS."""
    with _run():
        from ..report import write_report

        path = write_report(_settings(catalog, destination, dataset), out)
        typer.echo(f"The report is in {path}")
        if show:
            import webbrowser

            webbrowser.open(path.as_uri())


@app.command(epilog=EXIT_CODES)
def demo(quiet: QuietOption = False, verbose: VerboseOption = False) -> None:
    """Show it all with invented data: a local Partner Central, two syncs, tables, SQL. Needs no account."""
    with _run(quiet=quiet, verbose=verbose) as report:
        from .demo_tour import demo as tour

        tour(report)


@app.command(epilog=EXIT_CODES)
def emulator(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    opportunities: Annotated[int, typer.Option(min=0, help="How many the catalog AWS starts with.")] = 500,
    seed: Annotated[int, typer.Option(help="The same seed makes the same data.")] = 1,
    latency_ms: Annotated[float, typer.Option(min=0, help="Milliseconds each answer takes.")] = 0,
    rps: Annotated[float, typer.Option(min=0, help="Reads a second before ThrottlingException; 0 for no limit.")] = 10,
    burst: Annotated[float, typer.Option(min=1, help="Reads that may come at once.")] = 10,
    token: Annotated[Token, typer.Option(help="What a NextToken remembers.")] = Token.OFFSET,
    change_rate: Annotated[float, typer.Option(min=0, help="Opportunities a minute that change by themselves.")] = 0,
    fault_rate: Annotated[float, typer.Option(min=0, max=1, help="Share of calls that meet a random fault.")] = 0,
    milliseconds: Annotated[bool, typer.Option("--milliseconds", help="Timestamps with milliseconds.")] = False,
    skew: Annotated[Skew, typer.Option(help="How CreatedDates lie.")] = Skew.UNIFORM,
) -> None:
    """Run a local Partner Central until Ctrl-C, for any AWS client. It listens on 127.0.0.1 only."""
    from partner_central_emulator import Emulator, serve

    def ready(running: Emulator) -> None:
        typer.echo(
            f"Partner Central is emulated on {running.endpoint}. Point any AWS client at it (any credentials do):\n"
            f"  export AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING={running.endpoint}\n"
            f"Let days pass: curl -d '{{\"days\": 3}}' {running.endpoint}/_control/advance"
        )

    try:
        serve(
            ready,
            port=port,
            opportunities=opportunities,
            seed=seed,
            latency_ms=latency_ms,
            rps=rps or None,
            burst=burst,
            token=token.value,
            change_rate=change_rate,
            fault_rate=fault_rate,
            milliseconds=milliseconds,
            skew=skew.value,
        )
    except OSError as error:
        typer.echo(f"Port {port} cannot be used: {error.strerror}.", err=True)
        raise typer.Exit(2) from None


def main() -> None:
    """Entry point of the console script."""
    # Rows are trees, which reference counts free; looking for cycles among them costs a tenth of a long load.
    gc.set_threshold(100_000, 20, 100)
    try:
        app()
    except SystemExit as end:
        _leave(end.code)


def _leave(code: object) -> NoReturn:
    """End at once: what Python frees at its end, object by object, is a fifth of the cost of a run with nothing new."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _accounts(
    name: str | None, catalog: Catalog | None, dataset: str | None, *, every: bool
) -> tuple[Account, ...] | None:
    """The accounts of the list that are meant; None without a list."""
    from ..sync import accounts

    if name is None and not every:
        return None
    if name is not None and every:
        raise typer.BadParameter("either one account or all", param_hint="--account, --all-accounts")
    if catalog is not None or dataset is not None:
        raise typer.BadParameter("the list of accounts says it of each", param_hint="--catalog, --dataset")
    listed = accounts.configured()
    return listed if name is None else (accounts.chosen(listed, name),)


def _each(accounts: Sequence[Account] | None, base: Settings) -> Iterator[Settings]:
    """Settings of each account, under a line with its name; without accounts, those given."""
    if accounts is None:
        yield base
        return
    for account in accounts:
        typer.echo(f"{account.name}:")
        yield account.settings(base)


def _settings(catalog: Catalog | None, destination: str | None, dataset: str | None) -> Settings:
    from ..sync.settings import DATASET, DATASET_RULE, Settings, configured_destination

    if dataset is not None and not DATASET.fullmatch(dataset):
        raise typer.BadParameter(DATASET_RULE, param_hint="--dataset")
    if catalog is None:
        import dlt

        from partner_central.errors import ConfigurationError

        configured = dlt.config.get("sources.partner_central.catalog", str) or Catalog.AWS
        if configured not in list(Catalog):
            raise ConfigurationError(f"catalog is one of {', '.join(Catalog)}, not {configured!r}.")
        catalog = Catalog(configured)
    return Settings(catalog.value, destination=destination or configured_destination(), dataset=dataset)


@contextmanager
def _run(log_format: LogFormat = LogFormat.TEXT, *, quiet: bool = False, verbose: bool = False) -> Iterator[Report]:
    """Set up configuration and reporting; turn whatever is raised into a sentence and an exit code."""
    from ..console.output import Report

    log: Literal["text", "json"] = log_format.value
    report = Report(log, quiet=quiet, verbose=verbose)
    planning = logging.getLogger("partner_central.plan")
    planning.setLevel(logging.INFO)
    planning.addFilter(report.plan)
    try:
        from ..sync.settings import register_defaults

        register_defaults(verbose=verbose)
        yield report
    except (typer.Exit, typer.BadParameter):
        raise
    except BaseException as error:  # noqa: BLE001 - every failure becomes a sentence and an exit code
        raise typer.Exit(report.failure(error)) from None
    finally:
        planning.removeFilter(report.plan)
        report.close()
