"""Queries the destination for all that the page shows: the page is made of a `Snapshot` alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, Literal

from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import ConfigurationError

from ..destinations.errors import WrongQuery
from ..destinations.own_tables import LISTINGS, columns_of
from ..query.currency import spend_of_version
from ..query.read_only import run_query
from ..sync.last_run import held_removals
from ..views.absent_tables import empty_queries
from ..views.translation import translate
from .currency import ABOUT
from .evaluate import Batch, Tally
from .fields import TABLES, Field
from .figures import figures
from .last_report import last_report
from .queries import OPTIONAL, RATES, SOURCES, SPENDS

Row = dict[str, Any]
Spends = list[tuple[str, int]]
MOST_OPPORTUNITIES, MOST_OTHERS, BATCH = 100_000, 300_000, 20_000
NEW_DAYS = 7


@dataclass(slots=True)
class Table:
    """The rows of a table that the page has, as columns, and how many there are in all."""

    columns: dict[str, list[Any]]
    total: int = 0

    @property
    def size(self) -> int:
        """Returns how many rows the page has."""
        return len(next(iter(self.columns.values())))


@dataclass(slots=True)
class Snapshot:
    """Everything on the page.

    Attributes:
        dataset: whose data it is.
        freshness: the row of `data_freshness`.
        held: how many opportunities wait for `--accept-removals`.
        stages: in their usual order.
        since: the day from which on changes are new.
        tables: by name.
        spends: the amounts of each opportunity that has several currencies, by its row.
        tallies: the figures, over all rows, also over what the page does not have.
        last: up to which day the last report knew that was written before these data came; None without one.
        rates: the rows of `reporting_rates`; none where no rates are given.
        absent: tables of other streams that the dataset does not have.
    """

    dataset: str
    freshness: Row
    held: int
    stages: list[str]
    since: date = date(1970, 1, 1)
    last: date | None = None
    tables: dict[str, Table] = field(default_factory=dict)
    spends: dict[int, Spends] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    rates: list[Row] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)

    @property
    def reporting(self) -> str | None:
        """Returns the reporting currency; None where no rates are given."""
        return self.rates[0]["reporting_currency"] if self.rates else None

    @property
    def today(self) -> date:
        """Returns the day 0."""
        day: date = self.freshness["as_of_date"] or date(1970, 1, 1)
        return day


def load_snapshot(
    client: SqlJobClientBase, dataset: str, account: str | None, since: date | Literal["last"] | None
) -> Snapshot:
    """Runs all queries on an open destination.

    Args:
        client: the destination's.
        dataset: whose views it are.
        account: whose data it is, where several accounts share the dataset.
        since: the day from which on changes are new, or `last` for where the last report ended; by default seven days
            before the newest change.

    Raises:
        ConfigurationError: the views are not there yet.
    """
    try:
        (freshness,) = fetch_rows(client, "SELECT * FROM data_freshness WHERE stream = 'opportunities'")
        stages = fetch_rows(client, "SELECT life_cycle_stage FROM life_cycle_stages ORDER BY stage_order")
    except WrongQuery as error:
        raise ConfigurationError(
            f"The report is made from views that the dataset {dataset} does not have: run partner-central sync, which "
            "makes them unless several accounts share the dataset."
        ) from error
    there = columns_of(client, {LISTINGS, *OPTIONAL}).keys()  # a query that fails would end the transaction
    held = held_removals(client, account) if LISTINGS in there else 0
    snapshot = Snapshot(dataset, freshness, held, [row["life_cycle_stage"] for row in stages])
    snapshot.absent = sorted(OPTIONAL - there)
    snapshot.last = last_report(client, account, freshness["as_of"])
    chosen = snapshot.last if since == "last" else since
    snapshot.since = chosen or snapshot.today - timedelta(NEW_DAYS)
    first = fetch_rows(client, "SELECT CAST(MIN(watermark) AT TIME ZONE 'UTC' AS DATE) AS day FROM sync_runs")[0]["day"]
    defined = figures(snapshot.today, snapshot.since, first or snapshot.today)
    snapshot.tallies = {name: Tally(figure, snapshot.today) for name, figure in defined.items()}
    snapshot.rates = fetch_rows(client, RATES)
    several: dict[str, Spends] = {}
    for row in fetch_rows(client, SPENDS):
        several.setdefault(row["id"], []).append((row["currency"], _hundredths(row["monthly_amount"])))
    for name in TABLES:
        try:
            snapshot.tables[name] = _load(client, name, snapshot, several)
        except WrongQuery as error:
            raise ConfigurationError(
                f"The report cannot be made from the views of {dataset}. {error} If one of them is a view of your own, "
                "rename it, and run partner-central sync."
            ) from error
    return snapshot


def fetch_rows(client: SqlJobClientBase, query: str) -> list[Row]:
    """The rows of a query that is written as the views are."""
    with run_query(client, translate(query, client)) as answer:
        columns = [column.lower() for column in answer.columns]
        return [dict(zip(columns, row, strict=True)) for row in answer.rows]


def _load(client: SqlJobClientBase, name: str, snapshot: Snapshot, several: dict[str, Spends]) -> Table:
    """Reads a table; counts all its rows in its figures, and keeps the first ones."""
    fields = TABLES[name]
    query = f"SELECT {', '.join(f'{field.query} AS {field.name}_' for field in fields)} FROM {SOURCES[name]}"  # noqa: S608
    table = Table({field.name: [] for field in fields})
    most = MOST_OPPORTUNITIES if name == "opportunities" else MOST_OTHERS
    tallies = [tally for tally in snapshot.tallies.values() if tally.figure["table"] == name]
    with run_query(client, translate(query, client, empty_queries(snapshot.absent))) as answer:
        while rows := list(islice(answer.rows, BATCH)):
            columns = _columns(fields, rows)
            if name == "changes":
                _write_spends(columns)
            spends = _spends(columns, several, snapshot.reporting) if name == "opportunities" else None
            batch = Batch(columns, spends)
            for tally in tallies:
                tally.add(batch)
            room = max(0, most - table.size)
            if spends:
                ids = columns["id"]
                snapshot.spends |= {
                    table.total + n: several[ids[n]] for n in range(min(room, len(ids))) if ids[n] in several
                }
            for column, values in columns.items():
                table.columns[column] += values[:room]
            table.total += len(rows)
    return table


def _columns(fields: Sequence[Field], rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for one, values in zip(fields, zip(*rows, strict=True), strict=True):
        if one.kind == "money":
            found[one.name] = [None if value is None else _hundredths(value) for value in values]
        elif one.kind in {"day", "count", "flag"}:
            found[one.name] = [None if value is None else int(value) for value in values]
        else:
            found[one.name] = [None if value is None else str(value) for value in values]
    return found


def _write_spends(columns: dict[str, list[Any]]) -> None:
    """Writes the amounts of changes as all others are."""
    for name in ("before", "now"):
        columns[name] = [
            spend_of_version(text) if text and what == "expected spend" else text
            for text, what in zip(columns[name], columns["what"], strict=True)
        ]


def _hundredths(amount: Decimal | float) -> int:
    return int((amount if isinstance(amount, Decimal) else Decimal(str(amount))).scaleb(2).to_integral_value())


def _spends(
    columns: dict[str, list[Any]], several: dict[str, Spends], reporting: str | None
) -> list[Sequence[tuple[str, int]]]:
    """The amounts of each row, by currency; the currency that nobody gave is an empty text.

    What they are in the reporting currency comes last, under its name with `ABOUT` before it.
    """

    def of_rows() -> Iterator[Sequence[tuple[str, int]]]:
        names = ("id", "amount", "currency", "reporting")
        for key, amount, currency, about in zip(*(columns[name] for name in names), strict=True):
            pairs = several.get(key, ()) if amount is None else ((currency or "", amount),)
            yield pairs if about is None else (*pairs, (f"{ABOUT}{reporting}", about))

    return list(of_rows())
