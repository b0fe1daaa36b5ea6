"""Queries the destination for all that the page shows: the page is made of a `Snapshot` alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, Literal

from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import ConfigurationError

from ..destinations.errors import WrongQuery
from ..destinations.own_tables import LISTINGS, columns_of
from ..query.read_only import nothing_loaded
from ..sync.last_run import held_removals
from .evaluate import Batch, Tally
from .fields import TABLES, WITH_AMOUNTS
from .figures import figures
from .last_report import last_report
from .queries import FIRST_DAY, FRESHNESS, NEWER_VERSIONS, RATES, SPENDS, STAGES, source
from .reader import Reader, Row, readers
from .rows import Columns, Spends, hundredths, spends_of, to_columns, write_spends

MOST_OPPORTUNITIES, MOST_OTHERS, BATCH = 100_000, 75_000, 20_000
MOST_SPANS = 150_000  # an opportunity has one for each amount that it had in two quarters
NEW_DAYS = 7
NOT_OF_ITS_KIND = (ValueError, TypeError, ArithmeticError)  # what a value raises that a view of another's making has


@dataclass(slots=True)
class Table:
    """The rows of a table that the page has, as columns.

    Attributes:
        columns: the values, by name.
        total: how many rows were read.
        is_whole: whether these are all.
    """

    columns: dict[str, list[Any]]
    total: int = 0
    is_whole: bool = True

    @property
    def size(self) -> int:
        """Returns how many rows the page has."""
        return len(next(iter(self.columns.values())))


@dataclass(frozen=True, slots=True)
class Account:
    """An account whose data are on the page.

    Attributes:
        reader: reads the data.
        freshness: the row of `data_freshness`.
        held: how many opportunities wait for `--accept-removals`.
    """

    reader: Reader
    freshness: Row
    held: int

    @property
    def name(self) -> str | None:
        """Returns its name, where several accounts share the dataset."""
        return self.reader.account

    @property
    def day(self) -> date:
        """Returns the day of the newest change that AWS has shown."""
        found: date = self.freshness["as_of_date"] or date(1970, 1, 1)
        return found


@dataclass(slots=True)
class Snapshot:
    """Everything on the page.

    Attributes:
        dataset: whose data it is.
        accounts: the accounts that share it, or one without a name.
        stages: in their usual order.
        since: the day from which on changes are new.
        last: up to which day the last report knew that was written before these data came; None without one.
        tables: by name.
        spends: the amounts of each opportunity that has several currencies, by its row.
        tallies: the figures, over all rows, also over what the page does not have.
        rates: the rows of `reporting_rates`; none where no rates are given.
    """

    dataset: str
    accounts: list[Account]
    stages: list[str]
    since: date = date(1970, 1, 1)
    last: date | None = None
    tables: dict[str, Table] = field(default_factory=dict)
    spends: dict[int, Spends] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    rates: list[Row] = field(default_factory=list)

    @property
    def reporting(self) -> str | None:
        """Returns the reporting currency; None where no rates are given."""
        return self.rates[0]["reporting_currency"] if self.rates else None

    @property
    def as_of(self) -> datetime | None:
        """Returns the newest change that AWS has shown; None if it has shown none."""
        return max((at for one in self.accounts if (at := one.freshness["as_of"])), default=None)

    @property
    def today(self) -> date:
        """Returns the day 0."""
        return max(one.day for one in self.accounts)

    @property
    def is_shared(self) -> bool:
        """Returns whether several accounts share the dataset."""
        return self.accounts[0].name is not None

    @property
    def absent(self) -> Sequence[str]:
        """Returns the tables of other streams that the dataset does not have."""
        return self.accounts[0].reader.absent


def load_snapshot(
    client: SqlJobClientBase, dataset: str, account: str | None, since: date | Literal["last"] | None
) -> Snapshot:
    """Runs all queries on an open destination.

    Args:
        client: the destination's.
        dataset: whose views it are.
        account: whose data it is, where several accounts share the dataset; None for all of them.
        since: the day from which on changes are new, or `last` for where the last report ended; by default seven days
            before the newest change.

    Raises:
        ConfigurationError: nothing is loaded, or the views are not there, or are not those of this program.
    """
    found = readers(client, account)
    if not found:
        raise nothing_loaded(client)
    is_judged = LISTINGS in columns_of(client, [LISTINGS])  # a query that fails would end the transaction
    try:
        accounts = [
            Account(one, one.fetch(FRESHNESS)[0], held_removals(client, one.account) if is_judged else 0)
            for one in found
        ]
        stages = found[0].fetch(STAGES)
    except WrongQuery as error:
        raise ConfigurationError(
            f"The report is made from views that the dataset {dataset} does not have: run partner-central sync, which "
            "makes them."
        ) from error
    snapshot = Snapshot(dataset, accounts, [row["life_cycle_stage"] for row in stages])
    snapshot.last = last_report(client, account, snapshot.as_of)
    snapshot.since = (snapshot.last if since == "last" else since) or snapshot.today - timedelta(NEW_DAYS)
    snapshot.tables = {name: Table({one.name: [] for one in fields}) for name, fields in TABLES.items()}
    try:
        _fill(snapshot)
    except (WrongQuery, *NOT_OF_ITS_KIND) as error:
        raise ConfigurationError(
            f"The report cannot be made from the views of {dataset}. {error} If one of them is a view of your own, "
            "rename it, and run partner-central sync."
        ) from error
    return snapshot


def _fill(snapshot: Snapshot) -> None:
    """Reads all tables of all accounts."""
    firsts = [one.reader.fetch(FIRST_DAY)[0]["day"] or snapshot.today for one in snapshot.accounts]
    defined = figures(snapshot.today, snapshot.since, max(firsts), min(firsts))
    if "engagement_invitations" in snapshot.absent:
        defined["referrals"]["empty"] = "Not known: engagement_invitations is not in this dataset."
    snapshot.tallies = {
        name: Tally(figure, snapshot.today)
        for name, figure in defined.items()
        if name != "by_account" or snapshot.is_shared
    }
    snapshot.rates = next(filter(None, (one.reader.fetch(RATES) for one in snapshot.accounts)), [])
    for account in snapshot.accounts:
        several: dict[str, Spends] = {}
        for row in account.reader.fetch(SPENDS):
            several.setdefault(row["id"], []).append((row["currency"], hundredths(row["monthly_amount"])))
        for name in TABLES:
            _read(snapshot, account, name, several)


def _read(snapshot: Snapshot, account: Account, name: str, several: dict[str, Spends]) -> None:
    """Reads a table of an account; counts all its rows in its figures, and keeps the first ones.

    Of changes, it leaves old ones unread that no figure counts and the page does not keep, since there are many.
    """
    fields = [one for one in TABLES[name] if one.query]
    table = snapshot.tables[name]
    room = {"opportunities": MOST_OPPORTUNITIES, "spans": MOST_SPANS}.get(name, MOST_OTHERS)
    room //= len(snapshot.accounts)
    earliest = _earliest(account, room, snapshot.since) if name == "changes" else None
    selected = ", ".join(f"{one.query} AS {one.name}_" for one in fields)
    query = f"SELECT {selected} FROM {source(name, earliest)}"  # noqa: S608 - the names of this program
    tallies = [tally for tally in snapshot.tallies.values() if tally.figure["table"] == name]
    with account.reader.run(query) as result:
        columns: Columns = {}
        while rows := list(islice(result.rows, BATCH)):
            if name == "changes" and not room and columns["day"][-1] < (snapshot.since - snapshot.today).days:
                table.is_whole = False
                break
            columns = to_columns(fields, rows, (account.day - snapshot.today).days)
            columns["account"] = [account.name] * len(rows)
            if name == "changes":
                write_spends(columns)
            spends = None
            if name in WITH_AMOUNTS:
                known = several if name == "opportunities" else {}
                spends = spends_of(columns, known, snapshot.reporting)
            batch = Batch(columns, spends)
            for tally in tallies:
                tally.add(batch)
            if name == "opportunities":
                ids = columns["id"][:room]
                snapshot.spends |= {table.size + n: several[key] for n, key in enumerate(ids) if key in several}
            for column, values in columns.items():
                table.columns[column] += values[:room]
            table.is_whole &= len(rows) <= room
            room = max(0, room - len(rows))
            table.total += len(rows)


def _earliest(account: Account, room: int, since: date) -> date | None:
    """Returns the day from which on there are more changes than the page keeps, or None if there are not.

    Each version but the first of an opportunity has a change at least.
    """
    versions = 0
    for row in account.reader.fetch(NEWER_VERSIONS):
        versions += row["versions"]
        if versions > room:
            day: date = row["day"]
            return min(since, day)
    return None
