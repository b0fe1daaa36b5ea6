"""Several accounts in one dataset: same ids, own cursors, and neither loses what the other has."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC
from typing import Any

import duckdb
import pytest

from oracle import expected
from partner_central.errors import ConfigurationError
from partner_central_emulator import Emulator
from partner_central_sync.console.output import Summary
from sandbox import Sandbox

CHILDREN = ("opportunities__project_delivery_models", "opportunities__project_expected_customer_spend")


@pytest.fixture
def globex() -> Iterator[Emulator]:
    """A second account, whose opportunities have the ids of the first one's; some have other contents."""
    with Emulator(opportunities=250, seed=1, rps=None) as running:
        for record in running.truth()[:20]:
            running.change(record["Id"], {"Customer": {"Account": {"CompanyName": "Globex's customer"}}})
        yield running


def show(emulator: Emulator, key: str, **members: Any) -> None:
    """An opportunity gets members that no model knows, now."""
    emulator.overlay(key, members)
    emulator.change(key, {})


def sync(place: Sandbox, account: str, emulator: Emulator, **options: Any) -> Summary:
    return place.sync({"endpoint_url": emulator.endpoint}, account=account, **options)


def query(place: Sandbox, text: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(place.database), read_only=True) as connection:
        (catalog,) = connection.execute("SELECT current_database()").fetchall()[0]
        connection.execute(f'USE "{catalog}"."partner_central"')
        return connection.execute(text).fetchall()


def assert_holds(place: Sandbox, account: str, emulator: Emulator) -> None:
    """Every opportunity of the account is there with its company and its date, and every child row."""
    tables = expected(emulator.truth())
    rows = query(
        place,
        "SELECT id, customer_company_name, last_modified_date AT TIME ZONE 'UTC' FROM opportunities "
        f"WHERE account = '{account}' ORDER BY id",
    )
    assert rows == [
        (key, row.get("customer_company_name"), row["last_modified_date"].astimezone(UTC).replace(tzinfo=None))
        for key, row in sorted(tables.opportunities.items())
    ]
    for child, those in zip(CHILDREN, (tables.delivery_models, tables.customer_spend), strict=True):
        keys = query(place, f"SELECT opportunity_id FROM {child} WHERE account = '{account}' ORDER BY 1")
        assert [key for (key,) in keys] == sorted(row[0] for row in those)
        assert query(
            place,
            f"SELECT count(*) FROM {child} c JOIN opportunities o ON o._dlt_id = c._dlt_root_id "
            f"WHERE o.account <> c.account OR o.id <> c.opportunity_id",
        ) == [(0,)]


def test_accounts_with_the_same_ids_share_a_dataset_and_each_goes_on_from_its_own_cursor(
    place: Sandbox, emulator: Emulator, globex: Emulator
) -> None:
    sync(place, "acme", emulator)
    sync(place, "globex", globex)
    assert_holds(place, "acme", emulator)
    assert_holds(place, "globex", globex)
    emulator.advance(days=3)
    globex.change(globex.truth()[0]["Id"], {"Project": {"ExpectedCustomerSpend": []}})
    changed = sync(place, "acme", emulator), sync(place, "globex", globex)
    assert [summary.calls for summary in changed] == [1, 1]
    assert changed[1].changed == 1
    assert_holds(place, "acme", emulator)
    assert_holds(place, "globex", globex)
    assert (sync(place, "acme", emulator).changed, sync(place, "globex", globex).changed) == (0, 0)
    keys = query(
        place,
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'account' AND is_nullable = 'NO' "
        "AND table_schema = 'partner_central' AND table_catalog = current_database() ORDER BY 1",
    )
    assert [name for (name,) in keys] == [
        "opportunities",
        *CHILDREN,
        "opportunities_rejected",
        "opportunity_history",
        "opportunity_presence",
    ]


@pytest.mark.slow
def test_rows_of_accounts_are_the_same_as_arrow_tables_and_as_lines(
    place: Sandbox, emulator: Emulator, globex: Emulator
) -> None:
    for arrow in (True, False):
        sync(place, "acme", emulator, full=True)
        place.sync({"endpoint_url": globex.endpoint, "arrow": arrow}, account="globex", full=True)
        assert_holds(place, "acme", emulator)
        assert_holds(place, "globex", globex)


def test_a_member_that_only_one_account_has_is_a_column_that_is_null_for_the_other(
    place: Sandbox, emulator: Emulator, globex: Emulator
) -> None:
    sync(place, "acme", emulator)
    sync(place, "globex", globex)
    key = emulator.truth()[0]["Id"]
    show(emulator, key, Score=7, Account="not ours", Tags=[{"Name": "a"}])
    globex.change(key, {"Customer": {"Account": {"CompanyName": "New"}}})
    assert sync(place, "acme", emulator).new_columns
    assert sync(place, "globex", globex).changed == 1
    show(globex, globex.truth()[5]["Id"], Score="seven", Tags=[{"Name": "b"}])
    sync(place, "globex", globex)
    columns = "account, score, score_bigint, account_2"
    where = "score IS NOT NULL OR score_bigint IS NOT NULL"
    assert query(place, f"SELECT {columns} FROM opportunities WHERE {where} ORDER BY 1") == [
        ("acme", None, 7, "not ours"),
        ("globex", "seven", None, None),
    ]
    assert_holds(place, "globex", globex)
    assert query(place, "SELECT account, name FROM opportunities__tags ORDER BY 1") == [("acme", "a"), ("globex", "b")]


def test_rejected_records_say_whose_they_are(place: Sandbox, emulator: Emulator, globex: Emulator) -> None:
    bad = {"Project": {"ExpectedCustomerSpend": [{"Amount": "many", "CurrencyCode": "USD", "Frequency": "Monthly"}]}}
    for running in (emulator, globex):
        running.overlay(running.truth()[0]["Id"], bad)
    assert sync(place, "acme", emulator).rejected == 1
    assert sync(place, "globex", globex).rejected == 1
    assert query(place, "SELECT account FROM opportunities_rejected ORDER BY 1") == [("acme",), ("globex",)]


def test_another_machine_goes_on_with_one_call_for_each_account(
    place: Sandbox, emulator: Emulator, globex: Emulator
) -> None:
    sync(place, "acme", emulator)
    sync(place, "globex", globex)
    shutil.rmtree(place.folder / "data")
    emulator.advance(days=1)
    first, second = sync(place, "acme", emulator), sync(place, "globex", globex)
    assert (first.calls, second.calls, second.changed) == (1, 1, 0)
    assert first.changed > 0
    assert_holds(place, "acme", emulator)
    assert_holds(place, "globex", globex)


def test_a_dataset_is_shared_or_not_and_a_run_that_takes_it_for_the_other_asks_nothing(
    place: Sandbox, emulator: Emulator, globex: Emulator
) -> None:
    sync(place, "acme", emulator)
    calls = len(emulator.calls), len(globex.calls)
    with pytest.raises(ConfigurationError, match=r"share the dataset partner_central: .* --all-accounts"):
        place.sync()
    assert (len(emulator.calls), len(globex.calls)) == calls
    place.sync(dataset="alone")
    with pytest.raises(ConfigurationError, match=r"alone was loaded without a column account"):
        sync(place, "globex", globex, dataset="alone")
    assert len(globex.calls) == calls[1]
    assert_holds(place, "acme", emulator)


def test_a_sweep_of_one_account_marks_its_own_opportunities_as_gone(
    place: Sandbox, emulator: Emulator, globex: Emulator
) -> None:
    sync(place, "acme", emulator)
    sync(place, "globex", globex)
    missing = emulator.truth()[0]["Id"]
    emulator.remove(missing)
    assert sync(place, "globex", globex, full=True).gone == 0
    assert sync(place, "acme", emulator, full=True).gone == 1
    assert query(place, "SELECT account, id FROM opportunity_presence WHERE gone_since IS NOT NULL") == [
        ("acme", missing)
    ]
    assert query(place, "SELECT account, count(*) FROM opportunity_history GROUP BY ALL ORDER BY ALL") == [
        ("acme", 250),
        ("globex", 250),
    ]
    runs = query(place, "SELECT account, mode FROM sync_runs ORDER BY started_at")
    assert runs == [("acme", "first"), ("globex", "first"), ("globex", "full"), ("acme", "full")]
