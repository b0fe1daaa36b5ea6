"""`rates import`: exchange rates from a file, and amounts in the reporting currency."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from partner_central.errors import ConfigurationError
from partner_central_emulator import Emulator
from partner_central_sync.console.output import Console
from partner_central_sync.sync.exchange_rates import read_rates, store_rates
from partner_central_sync.views.files import view_texts
from sandbox import Sandbox

HEADER = "from,to,rate,valid_from\n"
EURO = f"{HEADER}EUR,USD,1.25,2000-01-01\n"


@pytest.fixture
def synced(tmp_path: Path) -> Iterator[Sandbox]:
    with Emulator(opportunities=0, rps=None) as emulator:
        emulator.put(
            {"Id": "O1", "Project": {"ExpectedCustomerSpend": [_spend("EUR", "10.00"), _spend("USD", "1.50")]}}
        )
        emulator.put({"Id": "O2", "Project": {"ExpectedCustomerSpend": [_spend("EUR", "2.00"), _spend("JPY", "7")]}})
        sandbox = Sandbox(tmp_path, emulator.endpoint)
        sandbox.sync()
        yield sandbox


def _spend(currency: str, amount: str) -> dict[str, str]:
    return {"Amount": amount, "CurrencyCode": currency, "Frequency": "Monthly", "TargetCompany": "Acme"}


def imported(sandbox: Sandbox, text: str) -> str:
    file = sandbox.folder / "rates.csv"
    file.write_text(text)
    return store_rates(read_rates(file), sandbox.settings(), Console(quiet=True))


def asked(sandbox: Sandbox, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(sandbox.database)) as connection:
        connection.execute("USE partner_central.partner_central")
        return connection.execute(query).fetchall()


AMOUNTS = "SELECT id, reporting_amount, reporting_currency FROM opportunity_current ORDER BY id"


def test_amounts_are_in_the_reporting_currency_once_every_currency_has_a_rate(synced: Sandbox) -> None:
    assert asked(synced, AMOUNTS) == [("O1", None, None), ("O2", None, None)]
    imported(synced, EURO)
    assert asked(synced, AMOUNTS) == [("O1", Decimal(14), "USD"), ("O2", None, None)]
    imported(synced, f"{EURO}JPY,USD,0.5,2000-01-01\n")
    assert asked(synced, AMOUNTS) == [("O1", Decimal(14), "USD"), ("O2", Decimal(6), "USD")]


def test_a_file_takes_the_place_of_all_rates_and_syncs_keep_them(synced: Sandbox) -> None:
    imported(synced, EURO)
    imported(synced, f"{HEADER}EUR,USD,2,2000-01-01\nEUR,USD,9,2999-01-01\n")
    imported(synced, f"{HEADER}EUR,USD,2,2000-01-01\nEUR,USD,9,2999-01-01\n")
    synced.sync(source={"full": True})
    assert len(asked(synced, "SELECT * FROM currency_rates")) == 2
    assert asked(synced, AMOUNTS)[0] == ("O1", Decimal("21.50"), "USD")
    imported(synced, HEADER)
    assert asked(synced, AMOUNTS) == [("O1", None, None), ("O2", None, None)]


@pytest.mark.long
def test_something_else_of_that_name_is_left_alone_and_reads_as_no_rates(synced: Sandbox) -> None:
    asked(synced, "DROP TABLE currency_rates; CREATE TABLE currency_rates (mine INTEGER)")
    with pytest.raises(ConfigurationError, match="Rename what has that name"):
        imported(synced, EURO)
    asked(synced, "DROP VIEW reporting_rates")
    synced.sync(source={"full": True})
    assert [name for name, *_ in asked(synced, "DESCRIBE currency_rates")] == ["mine"]
    assert asked(synced, AMOUNTS) == [("O1", None, None), ("O2", None, None)]
    assert {name for (name,) in asked(synced, "SELECT view_name FROM duckdb_views()")} >= view_texts().keys()


def test_rates_wait_for_the_first_sync(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path, "http://127.0.0.1:9")
    with pytest.raises(ConfigurationError, match="run partner-central sync first"):
        imported(sandbox, EURO)
    assert not sandbox.database.exists()


@pytest.mark.long
def test_a_rate_that_is_added_by_hand_with_another_reporting_currency_ends_all_sums(synced: Sandbox) -> None:
    imported(synced, EURO)
    asked(synced, "INSERT INTO currency_rates VALUES ('JPY', 'GBP', 1, DATE '2000-01-01')")
    assert asked(synced, AMOUNTS) == [("O1", None, None), ("O2", None, None)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "must name the columns from, to, rate, valid_from"),
        ("from;to;rate;valid_from\n", "must name the columns"),
        (f"{HEADER}EUR,USD,1,08,2026-01-01\n", "Line 2 .* decimal point"),
        (f"{HEADER}\nEuro,USD,1.08,2026-01-01\n", "Line 3 .*from must be a code"),
        (f"{HEADER}EUR,,1.08,2026-01-01\n", "to must be a code"),
        (f"{HEADER}EUR,USD,-1,2026-01-01\n", "above 0"),
        (f"{HEADER}EUR,USD,inf,2026-01-01\n", "above 0"),
        (f"{HEADER}EUR,USD,,2026-01-01\n", "above 0"),
        (f"{HEADER}EUR,USD,1_0.8,2026-01-01\n", "Line 2 .*rate must be a number above 0"),
        (f"{HEADER}USD,USD,2,2026-01-01\n", "Line 2 .*the rate of USD into itself is 1"),
        (f"{HEADER}EUR,USD,1.08,01/02/2026\n", "valid_from must be a day"),
        (f"{HEADER}EUR,USD,1.08,2026-W01-1\n", "Line 2 .*valid_from must be a day"),
        (f"{HEADER}EUR,USD,1.08,20260101\n", "valid_from must be a day"),
        (f"{HEADER}EUR,USD,1.08,2026-02-30\n", "valid_from must be a day"),
        (f"{HEADER}EUR,USD,1.08,2026-01-01\nJPY,GBP,1,2026-01-01\n", "into GBP, USD"),
        (f"{HEADER}EUR,USD,1.08,2026-01-01\nEUR,USD,1.09,2026-01-01\n", "two rates of EUR from 2026-01-01"),
        ("\xff", "cannot be read|must name"),
    ],
)
def test_a_wrong_file_is_a_sentence(text: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(ConfigurationError, match=told):
        read_rates(file)


def test_columns_may_come_in_any_order_and_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("\ufeffvalid_from,Rate,to,from\n2026-01-31, 1.5 ,USD,EUR\n2026-01-31,1,USD,USD\n")
    rate, _ = read_rates(file)
    assert (rate.currency, rate.reporting, rate.rate, str(rate.valid_from)) == ("EUR", "USD", 1.5, "2026-01-31")
