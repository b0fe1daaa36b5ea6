"""Tables and columns that somebody dropped: what AWS still has comes back, what it cannot give again is told."""

from __future__ import annotations

import pkgutil
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from databases import MOSTLY_DUCKDB, Database, Prepared
from partner_central_emulator import Emulator
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.failures import AnotherRun, exit_code_and_message
from partner_central_sync.console.output import Console
from partner_central_sync.sync.job import sync
from partner_central_sync.sync.summary import Summary
from servers import free_port
from variants import rarely

CHANGE = {"LifeCycle": {"NextSteps": "A call."}}


@pytest.mark.long
@MOSTLY_DUCKDB
@pytest.mark.parametrize(
    ("dropped", "said"),
    [
        ("TABLE opportunities", "opportunities. Made again, and everything is read again"),
        ("TABLE opportunities__project_delivery_models", "everything is read again"),
        rarely("TABLE opportunity_presence", "everything is read again"),
        ("TABLE opportunity_history", "a backup of the database may have it"),
        ("TABLE sync_runs", "a backup of the database may have it"),
        ("COLUMN opportunities.customer_city", "opportunities.customer_city. Made again, and everything is read again"),
        ("TABLE sync_lease", ""),
        ("TABLE _dlt_pipeline_state", ""),
        rarely("TABLE _dlt_version", ""),
        rarely("TABLE _dlt_loads", ""),
    ],
)
def test_what_was_dropped_is_there_again_after_the_next_sync(
    dropped: str, said: str, loaded: Database, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    name = dropped.partition(" ")[2]
    table, _, column = name.partition(".")
    loaded.sql(f"ALTER TABLE {table} DROP COLUMN {column} CASCADE" if column else f"DROP TABLE {name} CASCADE")
    sync(loaded.settings(), Console())
    assert said in capsys.readouterr().err
    loaded.assert_equals(emulator.truth())
    emulator.change(emulator.truth()[3]["Id"], CHANGE)
    assert loaded.sync().changed == 1
    loaded.assert_equals(emulator.truth())
    assert loaded.sql("SELECT count(*) FROM opportunity_history") == [(251,)]
    if table == "_dlt_pipeline_state":
        assert loaded.sql("SELECT max(read_order) FROM opportunity_history") > [(500,)]


ACCOUNTS = ("acme", "globex")
SPEND = "opportunities__project_expected_customer_spend"
HELD = (
    "UPDATE sync_lease SET run_id = 'elsewhere', owner = 'elsewhere', host = 'elsewhere', taken_at = now(), "
    "expires_at = now() + INTERVAL '1 minute' WHERE pipeline_name = 'partner_central__acme'"
)
WHOLE = ("opportunities", "opportunity_presence", SPEND)


@pytest.fixture(scope="session")
def second_port() -> int:
    """Another free port, for as long as what was prepared is copied: a worker may come back to this module."""
    return free_port()


@pytest.fixture
def globex(second_port: int) -> Iterator[Emulator]:
    """A second account."""
    with Emulator(opportunities=30, seed=2, port=second_port, rps=None) as running:
        yield running


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


@dataclass
class Shared:
    """A dataset of two accounts, which somebody drops tables of."""

    database: Database
    emulators: dict[str, Emulator]

    def sync(self, account: str, **options: Any) -> Summary:
        return self.database.sync({"endpoint_url": self.emulators[account].endpoint}, account=account, **options)

    def assert_whole(self) -> None:
        """Every row of both accounts is there, once; and a quiet run costs a call."""
        counts = {
            "opportunities": len,
            "opportunity_presence": len,
            SPEND: lambda truth: sum(len((each["Project"] or {}).get("ExpectedCustomerSpend") or []) for each in truth),
        }
        for table, count in counts.items():
            rows = self.database.sql(f"SELECT account, count(*) FROM {table} GROUP BY account ORDER BY 1")
            assert dict(rows) == {account: count(self.emulators[account].truth()) for account in ACCOUNTS}, table
        assert [self.sync(account).calls for account in ACCOUNTS] == [1, 1]


@pytest.fixture
def accounts(emulator: Emulator, globex: Emulator) -> dict[str, Emulator]:
    return {"acme": emulator, "globex": globex}


@pytest.fixture
def shared(database: Database, accounts: dict[str, Emulator], prepared: Prepared) -> Shared:
    return with_both(Shared(database, accounts), prepared)


@pytest.fixture
def gone(database: Database, accounts: dict[str, Emulator], prepared: Prepared) -> dict[str, str]:
    """An opportunity of each account that is gone, once the database has both."""
    first = {account: str(emulator.truth()[0]["Id"]) for account, emulator in accounts.items()}

    def load(empty: Database) -> None:
        both = with_both(Shared(empty, accounts), prepared)
        for account, key in first.items():
            accounts[account].remove(key)
            both.sync(account, full=True)

    prepared.lay("one-of-each-gone", database, load)
    for account, key in first.items():
        if key in {record["Id"] for record in accounts[account].truth()}:
            accounts[account].remove(key)
    return first


def with_both(shared: Shared, prepared: Prepared) -> Shared:
    """The dataset once both accounts are loaded."""

    def load(empty: Database) -> None:
        for account in ACCOUNTS:
            Shared(empty, shared.emulators).sync(account)

    prepared.lay("two-accounts", shared.database, load)
    return shared


@pytest.mark.long
@MOSTLY_DUCKDB
@pytest.mark.parametrize("first", ["acme", rarely("globex")])
@pytest.mark.parametrize("table", ["opportunities", rarely("opportunity_presence"), rarely(SPEND)])
def test_each_account_reads_again_what_one_of_them_made_again(first: str, table: str, shared: Shared) -> None:
    shared.database.sql(f"DROP TABLE {table} CASCADE")
    for account in (first, *ACCOUNTS):
        shared.sync(account)
    shared.assert_whole()


@pytest.mark.long
@MOSTLY_DUCKDB
def test_a_new_account_in_a_dataset_does_not_hide_what_others_have_lost(shared: Shared) -> None:
    shared.database.sql("DROP TABLE opportunities CASCADE")
    with Emulator(opportunities=7, seed=3, rps=None) as third:
        shared.database.sync({"endpoint_url": third.endpoint}, account="initech")
        for account in ACCOUNTS:
            shared.sync(account)
        assert shared.database.sql("SELECT count(*) FROM opportunities WHERE account = 'initech'") == [(7,)]
        shared.database.sql(*(f"DELETE FROM {table} WHERE account = 'initech'" for table in WHOLE))
    shared.assert_whole()


@pytest.mark.long
@MOSTLY_DUCKDB
@pytest.mark.parametrize(
    "step",
    [
        "sync.other_pipelines.forget_cursors",
        rarely("sync.repair._forget_own"),
        "destinations.stored_tables.make",
        "sync.repair._put_back",
        rarely("sync.repair._warn_of_lost_rows"),
    ],
)
@pytest.mark.parametrize(("when", "next_one"), [rarely("before", "acme"), ("after", "globex")])
def test_a_repair_killed_at_any_step_is_finished_by_any_account_s_next_run(
    step: str,
    when: str,
    next_one: str,
    database: Database,
    accounts: dict[str, Emulator],
    gone: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shared = Shared(database, accounts)
    shared.database.sql("DROP TABLE opportunities CASCADE")
    module, _, name = f"partner_central_sync.{step}".rpartition(".")
    kept = pkgutil.resolve_name(module)
    do = getattr(kept, name)

    def killed(*arguments: Any) -> None:
        if when == "after":
            do(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(kept, name, killed)
        with pytest.raises(KeyboardInterrupt):
            shared.sync("acme")
    for account in (next_one, *ACCOUNTS):
        shared.sync(account)
    for account, key in gone.items():
        rows = f"SELECT count(*) FROM opportunities WHERE account = '{account}'"
        assert shared.database.sql(f"{rows} AND id = '{key}'") == [(1,)]
        assert shared.database.sql(rows) == [(len(shared.emulators[account].truth()) + 1,)]


@pytest.mark.long
@MOSTLY_DUCKDB
def test_an_account_does_not_wait_for_another_to_read_what_both_have_lost(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared.database.sql("DROP TABLE opportunities CASCADE")
    with monkeypatch.context() as patch:
        patch.setattr("partner_central_sync.sync.job._read_and_load", interrupted)
        with pytest.raises(KeyboardInterrupt):
            shared.sync("acme")
    shared.database.sql(HELD)
    shared.sync("globex")
    shared.database.sql("UPDATE sync_lease SET run_id = NULL")
    shared.sync("acme")
    shared.assert_whole()


@pytest.mark.long
@MOSTLY_DUCKDB
def test_nothing_is_made_again_while_another_account_loads(shared: Shared) -> None:
    shared.database.sql("DROP TABLE opportunities CASCADE", HELD)
    with pytest.raises(AnotherRun, match="Another run of partner_central__acme is active"):
        shared.sync("globex")
    shared.database.sql("UPDATE sync_lease SET run_id = NULL")
    for account in ACCOUNTS:
        shared.sync(account)
    shared.assert_whole()


@pytest.mark.long
def test_rows_of_what_aws_lists_no_more_come_back_from_the_history(
    loaded: Database, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    changed, *others = (record["Id"] for record in emulator.truth()[:5])
    emulator.change(changed, CHANGE)
    loaded.sync()
    rows = "SELECT id, customer_company_name, life_cycle_next_steps, created_date FROM opportunities ORDER BY id"
    before = loaded.sql(rows)
    for key in (changed, *others):
        emulator.remove(key)
    assert loaded.sync(full=True).gone == 5
    loaded.sql("DROP TABLE opportunities CASCADE")
    sync(loaded.settings(), Console())
    assert "250 rows of opportunities were restored from the newest versions" in capsys.readouterr().err
    assert loaded.sql(rows) == before
    assert loaded.sql("SELECT count(*) FROM opportunity_presence WHERE gone_since IS NOT NULL") == [(5,)]
    loaded.sql(f"DROP TABLE {SPEND} CASCADE")
    sync(loaded.settings(), Console())
    assert f"What {SPEND} held of 5 opportunities that AWS lists no more is lost" in capsys.readouterr().err
    assert loaded.sql(rows) == before


@pytest.mark.long
@MOSTLY_DUCKDB
def test_what_an_interrupted_run_left_hides_no_dropped_table(
    loaded: Database, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.overlay(emulator.truth()[0]["Id"], {"Score": 7})
    emulator.change(emulator.truth()[0]["Id"], {})
    with monkeypatch.context() as patch:
        patch.setattr("partner_central_sync.sync.pending.complete_tables", interrupted)
        with pytest.raises(KeyboardInterrupt):
            loaded.sync()
    loaded.sql("DROP TABLE opportunities CASCADE")
    loaded.sync()
    loaded.assert_equals(emulator.truth())


def test_a_column_that_would_change_values_is_refused(loaded: Database, emulator: Emulator) -> None:
    loaded.sql("ALTER TABLE opportunity_presence DROP COLUMN last_listed_at CASCADE")
    loaded.sql("ALTER TABLE opportunity_presence ADD COLUMN last_listed_at DATE")
    emulator.change(emulator.truth()[3]["Id"], CHANGE)
    before = loaded.sql("SELECT count(*) FROM _dlt_loads")
    with pytest.raises(Exception) as error:  # noqa: PT011 - what it is explained as is asserted
        loaded.sync()
    code, sentence = exit_code_and_message(error.value)
    assert code is ExitCode.CONFIGURATION
    assert "opportunity_presence.last_listed_at of the destination holds date" in sentence
    assert loaded.sql("SELECT count(*) FROM _dlt_loads") == before
    loaded.sql("ALTER TABLE opportunity_presence RENAME COLUMN last_listed_at TO mine")
    loaded.sync()
    loaded.assert_equals(emulator.truth())


@pytest.mark.long
@pytest.mark.parametrize("table", [SPEND, rarely("opportunities")])
@MOSTLY_DUCKDB
def test_what_was_lost_is_read_from_the_beginning_whatever_since_says(
    table: str, loaded: Database, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    since = sorted(record["LastModifiedDate"] for record in emulator.truth())[200]
    loaded.sql(f"DROP TABLE {table} CASCADE")
    sync(loaded.settings(since=since, rows_per_chunk=100), Console())
    assert "--since does not apply to that" in capsys.readouterr().err
    loaded.assert_equals(emulator.truth())
    assert loaded.sync(since=since).calls == 1


@pytest.mark.long
@MOSTLY_DUCKDB
def test_a_listing_before_the_loss_marks_nothing_as_gone(loaded: Database, emulator: Emulator) -> None:
    loaded.sync(full=True)
    loaded.sql("DROP TABLE opportunity_presence CASCADE", "DROP TABLE sync_sweeps CASCADE")
    shutil.rmtree(loaded.pipelines_dir)
    stages = Counter(record["LifeCycle"]["Stage"] for record in emulator.truth())
    rarest = min(stages, key=stages.__getitem__)
    loaded.sync(filters={"life_cycle_stage": sorted(stages.keys() - {rarest})})
    assert loaded.sql("SELECT count(*) FROM opportunity_presence WHERE gone_since IS NOT NULL") == [(0,)]
    loaded.sync()
    loaded.assert_equals(emulator.truth())
