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
from partner_central_sync.sync.summary import Summary
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


def sync(sandbox: Sandbox, account: str, emulator: Emulator, **options: Any) -> Summary:
    return sandbox.sync({"endpoint_url": emulator.endpoint}, account=account, **options)


def query(sandbox: Sandbox, text: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(sandbox.database), read_only=True) as connection:
        (catalog,) = connection.execute("SELECT current_database()").fetchall()[0]
        connection.execute(f'USE "{catalog}"."partner_central"')
        return connection.execute(text).fetchall()


def assert_holds(sandbox: Sandbox, account: str, emulator: Emulator) -> None:
    """Every opportunity of the account is there with its company and its date, and every child row."""
    tables = expected(emulator.truth())
    rows = query(
        sandbox,
        "SELECT id, customer_company_name, last_modified_date AT TIME ZONE 'UTC' FROM opportunities "
        f"WHERE account = '{account}' ORDER BY id",
    )
    assert rows == [
        (key, row.get("customer_company_name"), row["last_modified_date"].astimezone(UTC).replace(tzinfo=None))
        for key, row in sorted(tables.opportunities.items())
    ]
    for child, those in zip(CHILDREN, (tables.delivery_models, tables.customer_spend), strict=True):
        keys = query(sandbox, f"SELECT opportunity_id FROM {child} WHERE account = '{account}' ORDER BY 1")
        assert [key for (key,) in keys] == sorted(row[0] for row in those)
        assert query(
            sandbox,
            f"SELECT count(*) FROM {child} c JOIN opportunities o ON o._dlt_id = c._dlt_root_id "
            f"WHERE o.account <> c.account OR o.id <> c.opportunity_id",
        ) == [(0,)]


def test_accounts_with_the_same_ids_share_a_dataset_with_own_cursors(
    sandbox: Sandbox, emulator: Emulator, globex: Emulator
) -> None:
    sync(sandbox, "acme", emulator)
    sync(sandbox, "globex", globex)
    assert_holds(sandbox, "acme", emulator)
    assert_holds(sandbox, "globex", globex)
    emulator.advance(days=3)
    globex.change(globex.truth()[0]["Id"], {"Project": {"ExpectedCustomerSpend": []}})
    changed = sync(sandbox, "acme", emulator), sync(sandbox, "globex", globex)
    assert [summary.calls for summary in changed] == [1, 1]
    assert changed[1].changed == 1
    assert_holds(sandbox, "acme", emulator)
    assert_holds(sandbox, "globex", globex)
    assert (sync(sandbox, "acme", emulator).changed, sync(sandbox, "globex", globex).changed) == (0, 0)
    keys = query(
        sandbox,
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
    sandbox: Sandbox, emulator: Emulator, globex: Emulator
) -> None:
    for arrow in (True, False):
        sync(sandbox, "acme", emulator, full=True)
        sandbox.sync({"endpoint_url": globex.endpoint, "arrow": arrow}, account="globex", full=True)
        assert_holds(sandbox, "acme", emulator)
        assert_holds(sandbox, "globex", globex)


@pytest.mark.long
def test_a_member_of_one_account_is_a_column_that_is_null_for_the_other(
    sandbox: Sandbox, emulator: Emulator, globex: Emulator
) -> None:
    sync(sandbox, "acme", emulator)
    sync(sandbox, "globex", globex)
    key = emulator.truth()[0]["Id"]
    show(emulator, key, Score=7, Account="not ours", Tags=[{"Name": "a"}])
    globex.change(key, {"Customer": {"Account": {"CompanyName": "New"}}})
    assert sync(sandbox, "acme", emulator).new_columns
    assert sync(sandbox, "globex", globex).changed == 1
    show(globex, globex.truth()[5]["Id"], Score="seven", Tags=[{"Name": "b"}])
    sync(sandbox, "globex", globex)
    columns = "account, score, score_bigint, account_2"
    where = "score IS NOT NULL OR score_bigint IS NOT NULL"
    assert query(sandbox, f"SELECT {columns} FROM opportunities WHERE {where} ORDER BY 1") == [
        ("acme", None, 7, "not ours"),
        ("globex", "seven", None, None),
    ]
    assert_holds(sandbox, "globex", globex)
    assert query(sandbox, "SELECT account, name FROM opportunities__tags ORDER BY 1") == [
        ("acme", "a"),
        ("globex", "b"),
    ]


@pytest.mark.long
def test_rejected_records_say_whose_they_are(sandbox: Sandbox, emulator: Emulator, globex: Emulator) -> None:
    bad = {"Project": {"ExpectedCustomerSpend": [{"Amount": "many", "CurrencyCode": "USD", "Frequency": "Monthly"}]}}
    for running in (emulator, globex):
        running.overlay(running.truth()[0]["Id"], bad)
    assert sync(sandbox, "acme", emulator).rejected == 1
    assert sync(sandbox, "globex", globex).rejected == 1
    assert query(sandbox, "SELECT account FROM opportunities_rejected ORDER BY 1") == [("acme",), ("globex",)]


@pytest.mark.long
def test_another_machine_goes_on_with_one_call_for_each_account(
    sandbox: Sandbox, emulator: Emulator, globex: Emulator
) -> None:
    sync(sandbox, "acme", emulator)
    sync(sandbox, "globex", globex)
    shutil.rmtree(sandbox.folder / "data")
    emulator.advance(days=1)
    first, second = sync(sandbox, "acme", emulator), sync(sandbox, "globex", globex)
    assert (first.calls, second.calls, second.changed) == (1, 1, 0)
    assert first.changed > 0
    assert_holds(sandbox, "acme", emulator)
    assert_holds(sandbox, "globex", globex)


@pytest.mark.long
def test_a_run_that_mistakes_a_shared_dataset_or_one_s_own_asks_nothing(
    sandbox: Sandbox, emulator: Emulator, globex: Emulator
) -> None:
    sync(sandbox, "acme", emulator)
    calls = len(emulator.calls), len(globex.calls)
    with pytest.raises(ConfigurationError, match=r"share the dataset partner_central: .* --all-accounts"):
        sandbox.sync()
    assert (len(emulator.calls), len(globex.calls)) == calls
    sandbox.sync(dataset="alone")
    with pytest.raises(ConfigurationError, match=r"alone was loaded without a column account"):
        sync(sandbox, "globex", globex, dataset="alone")
    assert len(globex.calls) == calls[1]
    assert_holds(sandbox, "acme", emulator)


@pytest.mark.long
def test_a_sweep_of_one_account_marks_its_own_opportunities_as_gone(
    sandbox: Sandbox, emulator: Emulator, globex: Emulator
) -> None:
    sync(sandbox, "acme", emulator)
    sync(sandbox, "globex", globex)
    missing = emulator.truth()[0]["Id"]
    emulator.remove(missing)
    assert sync(sandbox, "globex", globex, full=True).gone == 0
    assert sync(sandbox, "acme", emulator, full=True).gone == 1
    assert query(sandbox, "SELECT account, id FROM opportunity_presence WHERE gone_since IS NOT NULL") == [
        ("acme", missing)
    ]
    assert query(sandbox, "SELECT account, count(*) FROM opportunity_history GROUP BY ALL ORDER BY ALL") == [
        ("acme", 250),
        ("globex", 250),
    ]
    runs = query(sandbox, "SELECT account, mode FROM sync_runs ORDER BY started_at")
    assert runs == [("acme", "first"), ("globex", "first"), ("globex", "full"), ("acme", "full")]
