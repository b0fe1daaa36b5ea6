"""`forget`: after a change of pii nothing stands in clear anywhere, and all else is as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from partner_central.errors import ConfigurationError
from partner_central.public import OPPORTUNITIES
from partner_central.tables.pii import FIRST_FORM, MASKED, PiiPolicy
from partner_central_emulator import Emulator, Fault
from partner_central_sync.console.failures import AnotherRun
from partner_central_sync.console.output import Console
from partner_central_sync.destinations.probe import probe
from partner_central_sync.forget import sql
from partner_central_sync.forget.run import forget
from partner_central_sync.sync import run_lease, working_folder
from partner_central_sync.sync.status import status
from runs.test_pii import KEY
from runs.test_tables import query
from sandbox import Sandbox
from variants import at_length, rarely

SECRET = "Unmistakable Holding"
MODES = [{"pii": "mask", "pii_key": KEY}, {"pii": "drop"}]
CUSTOMER = {
    "Customer": {
        "Account": {
            "CompanyName": SECRET,
            "WebsiteUrl": f"https://{SECRET}.example",
            "OtherIndustry": SECRET,
            "Address": {"City": SECRET, "PostalCode": SECRET, "StateOrRegion": SECRET},
        }
    },
    "LifeCycle": {"NextSteps": f"call {SECRET}", "ReviewComments": SECRET, "ReviewStatusReason": SECRET},
    "Project": {"ExpectedCustomerSpend": [{"Amount": "1", "EstimationUrl": f"https://{SECRET}.example"}]},
}
OTHERS = "SELECT * EXCLUDE ({}) FROM {} ORDER BY id, _dlt_id"


@pytest.fixture
def told(emulator: Emulator, sandbox: Sandbox) -> Sandbox:
    """A dataset that holds the secret wherever one can stand."""
    return fill(emulator, sandbox)


def fill(emulator: Emulator, sandbox: Sandbox) -> Sandbox:
    """Sync the secret in: current rows, one that is gone, versions, a rejected record, staged rows, the folder."""
    ids = [record["Id"] for record in emulator.truth()]
    for one in ids[:5]:
        emulator.change(one, CUSTOMER)
    emulator.put({"Id": "O99", **CUSTOMER})
    emulator.overlay("O99", {"LifeCycle": {"TargetCloseDate": "soon", "NextSteps": SECRET}})
    sandbox.sync()
    emulator.remove(ids[0])
    emulator.change(ids[1], {"LifeCycle": {"NextSteps": f"write to {SECRET}"}})
    emulator.change(ids[2], {"Customer": {"Account": {"CompanyName": "Plain Ltd"}}})
    sandbox.sync(full=True)
    return sandbox


def in_clear(sandbox: Sandbox) -> list[str]:
    """The columns of any table of any schema, and the files, that hold the secret."""
    found = []
    with duckdb.connect(str(sandbox.database)) as connection:
        columns = connection.execute(
            "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE NOT internal AND table_name IN "
            "(SELECT table_name FROM duckdb_tables())"
        ).fetchall()
        for schema, table, column in columns:
            name = f'partner_central."{schema}"."{table}"'
            sql = f'SELECT count(*) FROM {name} WHERE contains(CAST("{column}" AS VARCHAR), ?)'
            if connection.execute(sql, [SECRET]).fetchall() != [(0,)]:
                found.append(f"{schema}.{table}.{column}")
    return [*found, *files_in_clear(sandbox.folder)]


def files_in_clear(folder: Path) -> list[str]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return [file.name for file in files if SECRET.encode() in file.read_bytes()]


def rest(sandbox: Sandbox) -> list[list[tuple[Any, ...]]]:
    """All that is no personal data: rows, versions, presence, views."""
    personal = ", ".join(sorted(OPPORTUNITIES.personal_columns))
    return [
        query(sandbox, OTHERS.format(personal, "opportunities")),
        query(sandbox, OTHERS.format(f"{personal}, content_hash", "opportunity_history")),
        query(sandbox, OTHERS.format("record", "opportunities_rejected")),
        query(sandbox, "SELECT * FROM opportunity_presence ORDER BY id"),
    ]


@pytest.mark.parametrize("mode", [pytest.param(MODES[0], id="mask"), at_length(MODES[1], id="drop")])
def test_nothing_is_left_in_clear_and_all_else_is_as_it_was(mode: dict[str, str], told: Sandbox) -> None:
    before, views = rest(told), objects(told)
    assert {"partner_central.opportunities.customer_company_name", "partner_central.duckdb"} <= set(in_clear(told))
    lines = forget(told.settings(mode), Console(quiet=True))
    assert in_clear(told) == []
    assert rest(told) == before
    assert objects(told) == views
    assert lines[0] == "rows of opportunities: 250 were in clear and are cleaned"
    assert not told.working_folder.exists()


@pytest.mark.long
@pytest.mark.parametrize("mode", [rarely(MODES[0], id="mask"), pytest.param(MODES[1], id="drop")])
def test_columns_of_another_type_are_cleaned_as_well(mode: dict[str, str], synced: Sandbox, emulator: Emulator) -> None:
    with duckdb.connect(str(synced.database)) as connection:
        for table in ("opportunities", "opportunity_history"):
            name = f"partner_central.partner_central.{table}"
            connection.execute(f"ALTER TABLE {name} ALTER customer_postal_code TYPE BIGINT USING 94107")
    fill(emulator, synced)
    assert "partner_central.opportunities.customer_postal_code_text" in in_clear(synced)
    lines = forget(synced.settings(mode), Console(quiet=True))
    assert in_clear(synced) == []
    assert lines[0] == "rows of opportunities: 250 were in clear and are cleaned"
    for table in ("opportunities", "opportunity_history"):
        assert query(synced, f"SELECT count(customer_postal_code) FROM {table}") == [(0,)]
    if mode["pii"] == "drop":  # a mask has no room in a column of numbers
        versions = query(synced, "SELECT count(*) FROM opportunity_history")
        synced.sync(mode, full=True)
        assert query(synced, "SELECT count(*) FROM opportunity_history") == versions


@pytest.mark.long
@pytest.mark.parametrize("mode", [pytest.param(MODES[0], id="mask"), rarely(MODES[1], id="drop")])
def test_the_next_sync_is_quiet_and_the_next_full_one_adds_no_version(
    mode: dict[str, str], told: Sandbox, emulator: Emulator
) -> None:
    forget(told.settings(mode), Console(quiet=True))
    versions = query(told, "SELECT count(*) FROM opportunity_history")
    values = query(told, "SELECT id, customer_company_name FROM opportunities ORDER BY id")
    told.sync(mode)
    told.sync(mode, full=True)
    assert query(told, "SELECT count(*) FROM opportunity_history") == versions
    assert query(told, "SELECT id, customer_company_name FROM opportunities ORDER BY id") == values
    emulator.calls.clear()
    assert told.sync(mode).changed == 0
    assert len(emulator.calls) == 1
    assert in_clear(told) == []


def objects(sandbox: Sandbox) -> list[tuple[Any, ...]]:
    """All tables, views and columns outside staging, with their comments."""
    return query(
        sandbox,
        "SELECT schema_name, table_name, column_name, data_type, comment FROM duckdb_columns() WHERE NOT internal "
        "AND schema_name = 'partner_central' ORDER BY ALL",
    )


@pytest.mark.long
def test_it_can_be_run_again_and_then_finds_nothing(told: Sandbox) -> None:
    forget(told.settings(MODES[0]), Console(quiet=True))
    cleaned = query(told, "SELECT * FROM opportunity_history ORDER BY ALL")
    lines = forget(told.settings(MODES[0]), Console(quiet=True))
    assert [line for line in lines if " 0 were in clear" in line] == lines[:4]
    assert query(told, "SELECT * FROM opportunity_history ORDER BY ALL") == cleaned
    assert all(MASKED.fullmatch(name) for (name,) in query(told, "SELECT customer_company_name FROM opportunities"))


@pytest.mark.long
@pytest.mark.parametrize("step", ["drop_staged_tables", rarely("drop_old_states"), rarely("free_blocks")])
def test_one_that_was_killed_half_way_is_run_again(step: str, told: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    before = rest(told)
    with monkeypatch.context() as patched:
        patched.setattr(sql, step, killed)
        with pytest.raises(KeyboardInterrupt):
            forget(told.settings(MODES[0]), Console(quiet=True))
    forget(told.settings(MODES[0]), Console(quiet=True))
    assert in_clear(told) == []
    assert rest(told) == before


@pytest.mark.long
@pytest.mark.parametrize("mode", [pytest.param(MODES[0], id="mask"), at_length(MODES[1], id="drop")])
def test_masks_of_the_first_release_stay_until_it_and_then_have_the_present_form(
    mode: dict[str, str], sandbox: Sandbox, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = {"customer_company_name": [emulator.truth()[0]["Customer"]["Account"]["CompanyName"]]}
    with monkeypatch.context() as earlier:
        earlier.setattr("partner_central.resources.incremental.form_of_masks", lambda *_, **__: FIRST_FORM)
        sandbox.sync(mode)
        if mode["pii"] == "drop":  # the name of the cursor was a hash without the key
            earlier.setattr(PiiPolicy, "in_state", lambda _, value, __: value)
            earlier.setattr("partner_central.read.filters.CONCEALED", "")
            sandbox.sync(mode, filters=named)
    rows = "SELECT * EXCLUDE (_dlt_id, _dlt_load_id) FROM {} ORDER BY id"
    first = query(sandbox, rows.format("opportunity_history"))
    assert sandbox.sync(mode).changed == 0
    sandbox.sync(mode, full=True)
    assert query(sandbox, rows.format("opportunity_history")) == first
    scopes = "SELECT DISTINCT scope FROM sync_runs ORDER BY scope"
    assert next(scope for (scope,) in query(sandbox, scopes)) == "all"
    forget(sandbox.settings(mode), Console(quiet=True))
    assert {scope for (scope,) in query(sandbox, scopes)} <= {"all", "customer_company_name"}
    moved = query(sandbox, rows.format("opportunity_history"))
    assert len(moved) == len(first)
    assert moved != first
    assert sandbox.sync(mode).changed <= 1  # the newest record is read again, since its mask is another one
    assert sandbox.sync(mode).changed == 0
    sandbox.sync(mode, full=True)
    assert query(sandbox, rows.format("opportunity_history")) == moved
    personal = ", ".join(sorted(OPPORTUNITIES.personal_columns))
    current = query(sandbox, f"SELECT {personal} FROM opportunities ORDER BY id")
    assert current == query(sandbox, f"SELECT {personal} FROM opportunity_history ORDER BY id")
    for value in {value for row in current for value in row if value}:
        assert MASKED.fullmatch(value)
    assert "customer_company_name-" not in str(query(sandbox, "SELECT state FROM _dlt_pipeline_state"))


def test_while_pii_is_keep_it_refuses_and_touches_nothing(synced: Sandbox) -> None:
    before = synced.database.read_bytes()
    with pytest.raises(ConfigurationError, match="pii is keep: nothing is to be forgotten"):
        forget(synced.settings(), Console(quiet=True))
    ended = synced.command("forget")
    assert ended.returncode == 2
    assert "pii is keep" in ended.stderr
    assert synced.database.read_bytes() == before
    assert synced.working_folder.exists()


def test_without_a_key_to_mask_with_it_refuses(synced: Sandbox) -> None:
    ended = synced.command("forget", "--pii", "mask")
    assert ended.returncode == 2
    assert "pii_key" in ended.stderr


def test_while_a_sync_is_active_it_ends_with_5(synced: Sandbox) -> None:
    with working_folder.hold_lock(synced.settings()):
        ended = synced.command("forget", "--pii", "drop")
    assert ended.returncode == 5
    assert "Another run" in ended.stderr


@pytest.mark.long
def test_under_another_run_s_lease_it_ends_with_5_and_status_names_the_run(
    synced: Sandbox,
) -> None:
    elsewhere = working_folder.attach(replace(synced.settings(), pipelines_dir=synced.folder / "elsewhere"))
    elsewhere.sync_destination()
    working_folder.record_basis(elsewhere, probe(elsewhere))
    run_lease.take(elsewhere)
    before = query(synced, "SELECT customer_company_name FROM opportunities ORDER BY id")
    with pytest.raises(AnotherRun, match="is active"):
        forget(synced.settings(MODES[1]), Console(quiet=True))
    assert "its lease runs out" in dict(line[:2] for line in status(synced.settings()))["loading elsewhere"]
    assert query(synced, "SELECT customer_company_name FROM opportunities ORDER BY id") == before
    run_lease.give_back(elsewhere)
    forget(synced.settings(MODES[1]), Console(quiet=True))
    assert query(synced, "SELECT count(customer_company_name) FROM opportunities") == [(0,)]
    assert "loading elsewhere" not in dict(line[:2] for line in status(synced.settings()))


def test_before_the_first_sync_there_is_nothing_and_no_file_is_made(sandbox: Sandbox, emulator: Emulator) -> None:
    ended = sandbox.command("forget", "--pii", "drop")
    assert (ended.returncode, ended.stdout) == (0, "Nothing is stored yet.\n")
    assert not sandbox.database.exists()
    assert not emulator.calls


def test_after_a_first_run_that_failed_there_is_nothing_to_clean(sandbox: Sandbox, emulator: Emulator) -> None:
    emulator.faults.append(Fault("access_denied"))
    assert sandbox.command("sync").returncode == 3
    assert any("0 were in clear" in line for line in forget(sandbox.settings(MODES[1]), Console(quiet=True)))
    sandbox.sync(MODES[1])
    assert not any(row["customer_company_name"] for row in sandbox.tables().opportunities.values())


@pytest.mark.long
def test_an_account_of_a_shared_dataset_that_loaded_nothing_has_nothing_to_clean(sandbox: Sandbox) -> None:
    sandbox.sync({"account": "acme"}, account="acme")
    assert any(
        "0 were in clear" in line for line in forget(sandbox.settings(MODES[1], account="new"), Console(quiet=True))
    )


@pytest.mark.long
def test_a_file_open_elsewhere_is_cleaned_but_not_rewritten_as_it_says(
    told: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise duckdb.IOException("Could not set lock on file")

    monkeypatch.setattr("partner_central_sync.destinations.duckdb_file._copy", fail)
    lines = forget(told.settings(MODES[1]), Console(quiet=True))
    assert any("could not be rewritten" in line and "Could not set lock" in line for line in lines)
    assert query(told, "SELECT count(customer_company_name) FROM opportunities") == [(0,)]
    assert list(told.folder.glob("*.fresh*")) == []


@pytest.mark.long
def test_of_a_shared_dataset_the_rows_of_one_account_are_cleaned(sandbox: Sandbox) -> None:
    for account in ("acme", "globex"):
        with Emulator(opportunities=12, seed=1, rps=None) as emulator:
            sandbox.sync({"endpoint_url": emulator.endpoint}, account=account)
    forget(sandbox.settings(MODES[1], account="acme"), Console(quiet=True))
    for table in ("opportunities", "opportunity_history"):
        counts = f"SELECT account, count(*), count(customer_company_name) > 0 FROM {table} GROUP BY ALL ORDER BY ALL"
        assert query(sandbox, counts) == [("acme", 12, False), ("globex", 12, True)]


@pytest.mark.long
def test_of_a_copied_dataset_the_cursors_of_the_original_are_deleted(told: Sandbox) -> None:
    with duckdb.connect(str(told.database)) as connection:
        connection.execute("CREATE SCHEMA partner_central.copy")
        tables = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'partner_central'"
        for (table,) in connection.execute(tables).fetchall():
            name = f'partner_central."{table}"'
            connection.execute(f'CREATE TABLE partner_central.copy."{table}" AS FROM partner_central.{name}')
    told.sync(MODES[1], dataset="copy", full=True)
    forget(told.settings(MODES[1], dataset="copy"), Console(quiet=True))
    states = "SELECT pipeline_name, count(*) FROM partner_central.{}._dlt_pipeline_state GROUP BY ALL"
    assert query(told, states.format("copy")) == [("copy", 1)]
    assert query(told, states.format("partner_central")) == [("partner_central", 2)]
    assert told.sync(MODES[1], dataset="copy").changed == 0
