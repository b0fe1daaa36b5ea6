"""Who may load: one run at a time, for a while, by the destination's clock; who lost the lease writes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from threading import Event
from typing import Any

import dlt
import pytest
from dlt.common.schema import Schema

from databases import MOSTLY_DUCKDB, Database
from partner_central_emulator import Emulator
from partner_central_sync.console.failures import AnotherRun
from partner_central_sync.console.output import Console
from partner_central_sync.destinations.lease import Lease, LeaseHolder, LeaseLost, LeaseRenewal, LeaseTaken
from partner_central_sync.destinations.lease_table import LeaseTable
from partner_central_sync.sync import working_folder
from partner_central_sync.sync.job import sync

NAME = "partner_central"
HERE, THERE = "here@machine", "there@machine"
STAGED = "partner_central_0123abcd_staging"
PAST, FUTURE = "CURRENT_TIMESTAMP - INTERVAL '1 second'", "CURRENT_TIMESTAMP + INTERVAL '60 seconds'"


@pytest.fixture
def client(database: Database) -> Iterator[LeaseTable]:
    """An open client of a database with an empty dataset."""
    made: Any = working_folder.attach(database.settings()).destination_client()
    with made:
        made.initialize_storage()
        made.schema = Schema.from_stored_schema(made.schema.to_dict())
        made.update_stored_schema()
        yield made


def expire(client: LeaseTable) -> None:
    client.sql_client.execute_sql(f"UPDATE {table(client, 'sync_lease')} SET expires_at = {PAST}")


def table(client: LeaseTable, name: str) -> str:
    return client.sql_client.make_qualified_table_name(name)


def hold(database: Database, until: str = FUTURE) -> None:
    """Let another machine hold the lease, which has rows of its own on their way."""
    database.sql(
        f"UPDATE sync_lease SET run_id = 'x', owner = '{THERE}', host = 'there, process 7', "
        f"taken_at = CURRENT_TIMESTAMP, expires_at = {until}, staging = '{STAGED}'",
        f"CREATE SCHEMA {STAGED}",
        f"CREATE TABLE {STAGED}.opportunities (id VARCHAR(9))",
    )
    if database.server:
        database.sql(f"ALTER SCHEMA {STAGED} OWNER TO loader", f"ALTER TABLE {STAGED}.opportunities OWNER TO loader")


def test_one_owner_holds_it_until_he_gives_it_back(client: LeaseTable) -> None:
    mine, other = Lease(NAME, HERE), Lease(NAME, THERE)
    client.take_lease(mine)
    with pytest.raises(LeaseTaken) as taken:
        client.take_lease(other)
    assert taken.value.holder.host == mine.host
    assert isinstance(client.lease_holder(NAME, THERE), LeaseHolder)
    assert client.lease_holder(NAME, HERE) is None
    client.release_lease(mine)
    assert client.lease_holder(NAME, THERE) is None
    client.take_lease(other)
    with pytest.raises(LeaseTaken):
        client.take_lease(mine)


def test_accounts_of_a_dataset_hold_leases_side_by_side(client: LeaseTable) -> None:
    client.take_lease(Lease(f"{NAME}__acme", HERE))
    client.take_lease(Lease(f"{NAME}__zenith", THERE))
    assert client.lease_holder(f"{NAME}__acme", THERE) is not None


def test_a_later_run_of_the_folder_takes_it_and_any_once_it_ran_out(client: LeaseTable) -> None:
    killed = Lease(NAME, HERE)
    killed.staging = STAGED
    client.take_lease(killed)
    again = Lease(NAME, HERE)
    assert client.take_lease(again) == STAGED
    client.lease = killed
    with pytest.raises(LeaseLost):
        client.complete_load("1.0")
    expire(client)
    client.take_lease(Lease(NAME, THERE))


def test_a_run_that_lost_it_cannot_renew_or_return_it_or_complete_a_load(client: LeaseTable) -> None:
    zombie, thief = Lease(NAME, HERE), Lease(NAME, THERE)
    client.take_lease(zombie)
    expire(client)
    client.take_lease(thief)
    client.renew_lease(zombie)
    client.release_lease(zombie)
    assert client.lease_holder(NAME, HERE) is not None
    client.lease = zombie
    with pytest.raises(LeaseLost):
        client.complete_load("1.0")
    assert client.sql_client.execute_sql(f"SELECT count(*) FROM {table(client, '_dlt_loads')}") == [(0,)]
    client.lease = thief
    client.complete_load("2.0")
    assert client.sql_client.execute_sql(f"SELECT load_id FROM {table(client, '_dlt_loads')}") == [("2.0",)]


def test_renewing_puts_off_its_end(client: LeaseTable) -> None:
    mine = Lease(NAME, HERE)
    client.take_lease(mine)
    expire(client)
    assert client.lease_holder(NAME, THERE) is None
    client.renew_lease(mine)
    assert client.lease_holder(NAME, THERE) is not None


def test_a_renewal_goes_on_after_a_failure_until_it_is_stopped() -> None:
    twice, seen = Event(), []

    def renew() -> None:
        seen.append(len(seen))
        if len(seen) > 1:
            twice.set()
        raise ConnectionError

    renewal = LeaseRenewal(renew, pause=0.001)
    assert twice.wait(300)
    renewal.stop()
    assert seen[:2] == [0, 1]


@MOSTLY_DUCKDB
def test_a_sync_says_who_holds_it_and_asks_nothing(loaded: Database, emulator: Emulator) -> None:
    hold(loaded)
    with pytest.raises(AnotherRun, match=r"there, process 7, since 20.* UTC; its lease runs out at"):
        loaded.sync()
    assert not emulator.calls


@pytest.mark.long
def test_a_lease_that_ran_out_is_taken_with_what_its_holder_left(loaded: Database, emulator: Emulator) -> None:
    hold(loaded, PAST)
    emulator.advance(days=1)
    assert loaded.sync().changed
    loaded.assert_equals(emulator.truth())
    assert loaded.staging() == []
    assert loaded.sql("SELECT run_id, staging FROM sync_lease") == [(None, None)]


@MOSTLY_DUCKDB
def test_a_quiet_run_takes_no_lease(loaded: Database) -> None:
    before = loaded.sql("SELECT generation FROM sync_lease")
    loaded.sync()
    assert loaded.sql("SELECT generation FROM sync_lease") == before


@pytest.mark.long
@MOSTLY_DUCKDB
@pytest.mark.parametrize(
    ("tables", "left"),
    [
        (("_dlt_version", "opportunities", "opportunity_history"), []),
        (("_dlt_version", "my_notes", "opportunity_history"), ["partner_central_staging"]),
        (("opportunities", "opportunity_history"), ["partner_central_staging"]),  # as dbt names a schema `staging`
        ((), ["partner_central_staging"]),
    ],
)
def test_the_staging_dataset_of_an_earlier_version_is_dropped_if_unused(
    tables: tuple[str, ...], left: list[str], database: Database
) -> None:
    former, home = "partner_central_staging", "public" if database.server else "main"
    database.sql(
        f"CREATE SCHEMA {former}", *(f"CREATE TABLE {former}.{table} (id INTEGER)" for table in tables), dataset=home
    )
    if database.server:
        database.sql(
            f"ALTER SCHEMA {former} OWNER TO loader",
            *(f"ALTER TABLE {former}.{table} OWNER TO loader" for table in tables),
            dataset=home,
        )
    database.sync()
    assert database.staging() == left


@pytest.mark.long
@MOSTLY_DUCKDB
def test_a_machine_whose_clock_is_ahead_does_not_hide_later_cursors(
    loaded: Database, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.advance(days=1)
    with monkeypatch.context() as ahead:
        ahead.setattr("dlt.common.storages.load_package.increasing_precise_time", lambda: 4_000_000_000.5)
        loaded.sync()
    emulator.advance(days=1)
    assert loaded.sync().changed
    shutil.rmtree(loaded.pipelines_dir)
    restored = loaded.sync()
    assert (restored.calls, restored.changed) == (1, 0)
    loaded.assert_equals(emulator.truth())
    versions = loaded.sql("SELECT version FROM _dlt_pipeline_state ORDER BY version")
    assert versions == sorted(set(versions))


@pytest.mark.long
def test_a_copied_dataset_goes_on_where_the_original_was(loaded: Database, emulator: Emulator) -> None:
    shutil.rmtree(loaded.pipelines_dir)
    copied(loaded, "copied")
    emulator.advance(days=1)
    summary = sync(loaded.settings(dataset="copied"), Console(quiet=True))
    assert summary.calls == 1
    assert 0 < summary.changed < 100
    loaded.assert_equals(emulator.truth(), "copied")
    shutil.rmtree(loaded.pipelines_dir)
    assert sync(loaded.settings(dataset="copied"), Console(quiet=True)).changed == 0


def copied(database: Database, name: str) -> None:
    """Copy every table of the dataset into another."""
    tables = database.sql(
        "SELECT table_name FROM information_schema.tables "
        "WHERE table_schema = 'partner_central' AND table_type LIKE 'BASE%'"
    )
    owner = [f"ALTER SCHEMA {name} OWNER TO loader"] if database.server else []
    database.sql(f"CREATE SCHEMA {name}", *owner)
    for (original,) in tables:
        database.sql(f"CREATE TABLE {name}.{original} AS SELECT * FROM {original}")
        if database.server:
            database.sql(f"ALTER TABLE {name}.{original} OWNER TO loader")


def test_every_destination_of_dlt_is_loaded_under_a_lease() -> None:
    from partner_central_sync import destinations
    from partner_central_sync.destinations.fenced_client import FencedFactory

    for name in ("duckdb", "postgres", "snowflake", "bigquery", "clickhouse", "motherduck", "redshift", "databricks"):
        destination = destinations.get(name).destination()
        assert isinstance(destination, FencedFactory)
        assert destination.destination_name == name


def test_a_pipeline_without_a_lease_loads_as_dlt_does(database: Database) -> None:
    from partner_central_sync import destinations

    path = database.database if database.destination == "duckdb" else None
    pipeline = dlt.pipeline(
        "plain",
        pipelines_dir=str(database.folder),
        destination=destinations.get(database.destination).destination(path),
        dataset_name="plain",
    )
    pipeline.run([{"id": 1}], table_name="things", loader_file_format="jsonl" if path else None)
    assert database.sql("SELECT id FROM things", dataset="plain") == [(1,)]
