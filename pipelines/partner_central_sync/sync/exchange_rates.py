"""Reads a file of exchange rates, and stores it for the views.

The file is CSV with the columns from, to, rate and valid_from, such as `EUR,USD,1.08,2026-01-01`. It takes the place of
all rates that are stored, so that doing it again changes nothing.
"""

from __future__ import annotations

import csv
import math
import re
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import ConfigurationError

from ..console.output import Console
from ..destinations import of
from ..destinations.probe import probe
from ..views.keeping import create_views
from ..views.sync_step import warnings
from ..views.user_tables import CURRENCY_RATES, USER_TABLES, make_missing
from . import working_folder
from .settings import Settings

HEADER = ("from", "to", "rate", "valid_from")
CURRENCY = re.compile(r"[A-Z]{3}")
NUMBER = re.compile(r"[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?")  # float() also takes 1_0.8
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")  # fromisoformat() also takes 2026-W01-1
ROWS_PER_INSERT = 500


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate.

    Attributes:
        currency: what is changed, as a code of three letters.
        reporting: into what.
        rate: how much of it one unit is.
        valid_from: the first day.
    """

    currency: str
    reporting: str
    rate: float
    valid_from: date


def read_rates(path: Path) -> list[Rate]:
    """Returns the rates of a file, in its order.

    Raises:
        ConfigurationError: it cannot be read, or a line of it is wrong.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.DictReader(file)
            names = [name.strip().lower() for name in lines.fieldnames or ()]
            if sorted(names) != sorted(HEADER):
                raise ConfigurationError(
                    f"The first line of {path} must name the columns {', '.join(HEADER)}, with commas between."
                )
            lines.fieldnames = names
            rates = [_rate(path, lines.line_num, line) for line in lines]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"The rates in {path} cannot be read: {error}") from error
    _check_all(path, rates)
    return rates


def store_rates(rates: list[Rate], settings: Settings, console: Console) -> str:
    """Puts these rates in the place of all that are stored, and brings the views up to date.

    Returns:
        Where they are.

    Raises:
        ConfigurationError: nothing is loaded, the destination has no views, or something else has the table's name.
        AnotherRun: a run of the same pipeline is active.
        NotWritable: the destination cannot be written now.
    """
    with working_folder.hold_lock(settings):
        pipeline = working_folder.attach(settings)
        client = pipeline.destination_client()
        if not of(client).exists(client) or probe(pipeline).state_hash is None:
            raise ConfigurationError(
                f"Nothing is loaded yet into the dataset {settings.dataset_name}: run partner-central sync first."
            )
        location = of(client).display_location(client)
        if not isinstance(client, SqlJobClientBase):
            raise ConfigurationError(f"{location} has no views, so exchange rates would change nothing there.")
        name = CURRENCY_RATES.name
        with client:
            if name not in make_missing(client, dict(client.get_storage_tables(sorted(USER_TABLES)))):
                raise ConfigurationError(
                    f"The table {name} of the dataset {settings.dataset_name} of {location} could not be made, or has "
                    "not the columns of exchange rates. Nothing was changed. Rename what has that name."
                )
            _replace(client, rates)
            kept = create_views(client)
        for sentence in warnings(kept, settings.dataset_name):
            console.warn(sentence)
        return location


def _replace(client: SqlJobClientBase, rates: list[Rate]) -> None:
    sql = client.sql_client
    table = sql.make_qualified_table_name(CURRENCY_RATES.name)
    names = ", ".join(sql.escape_column_name(name) for name, *_ in CURRENCY_RATES.columns)
    place = f"({', '.join(['%s'] * len(CURRENCY_RATES.columns))})"
    with sql.begin_transaction() if sql.capabilities.supports_transactions else nullcontext():
        sql.execute_sql(f"DELETE FROM {table} WHERE 1 = 1")  # noqa: S608 - a name of this program
        for begin in range(0, len(rates), ROWS_PER_INSERT):
            part = rates[begin : begin + ROWS_PER_INSERT]
            values = [value for one in part for value in (one.currency, one.reporting, one.rate, one.valid_from)]
            places = ", ".join([place] * len(part))
            sql.execute_sql(f"INSERT INTO {table} ({names}) VALUES {places}", *values)  # noqa: S608 - see above


def _rate(path: Path, number: int, line: dict[str, str]) -> Rate:
    """Returns the rate of a line.

    Raises:
        ConfigurationError: it is none.
    """
    where = f"Line {number} of {path}"
    texts = {name: (line.get(name) or "").strip() for name in HEADER}
    if None in line:
        raise ConfigurationError(f"{where} has more values than columns. A rate has a decimal point, not a comma.")
    for name in ("from", "to"):
        if not CURRENCY.fullmatch(texts[name]):
            raise ConfigurationError(f"{where}: {name} must be a code of three capital letters, such as EUR.")
    rate = float(texts["rate"]) if NUMBER.fullmatch(texts["rate"]) else math.nan
    if not (math.isfinite(rate) and rate > 0):
        raise ConfigurationError(f"{where}: rate must be a number above 0, with a decimal point, such as 1.08.")
    if texts["from"] == texts["to"] and rate != 1:
        raise ConfigurationError(f"{where}: the rate of {texts['to']} into itself is 1. Leave the line out.")
    try:
        valid_from = date.fromisoformat(texts["valid_from"] if DAY.fullmatch(texts["valid_from"]) else "")
    except ValueError as error:
        raise ConfigurationError(f"{where}: valid_from must be a day, such as 2026-01-31.") from error
    return Rate(texts["from"], texts["to"], rate, valid_from)


def _check_all(path: Path, rates: list[Rate]) -> None:
    """Checks what lines say together.

    Raises:
        ConfigurationError: there are several reporting currencies, or several rates for a currency and a day.
    """
    reporting = sorted({one.reporting for one in rates})
    if len(reporting) > 1:
        raise ConfigurationError(
            f"{path} has rates into {', '.join(reporting)}. There is one reporting currency: write the same in every "
            "line's to."
        )
    seen: set[tuple[str, date]] = set()
    for one in rates:
        if (key := (one.currency, one.valid_from)) in seen:
            raise ConfigurationError(f"{path} has two rates of {one.currency} from {one.valid_from} on. Leave one out.")
        seen.add(key)
