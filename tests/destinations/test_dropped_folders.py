"""Folders of a lake that somebody deleted: what AWS still has comes back, and what the history has of the rest."""

from __future__ import annotations

import shutil

import pytest

from databases import Database
from partner_central_emulator import Emulator
from partner_central_sync.console.output import Console
from partner_central_sync.destinations.errors import NotWritable
from partner_central_sync.destinations.lake.client import LakeClient
from partner_central_sync.sync import working_folder
from partner_central_sync.sync.job import sync
from variants import rarely

CHANGE = {"LifeCycle": {"NextSteps": "A call."}}
AGAIN = "Made again, and everything is read again"


on_a_lake = pytest.mark.parametrize("database", ["filesystem"], indirect=True)


def accounts_in(lake: Database, table: str) -> list[str]:
    """Whose the rows of a shared table are."""
    client = working_folder.attach(lake.settings(account="acme")).destination_client()
    assert isinstance(client, LakeClient)
    return [str(account) for account in client.open_table(table).rows(["account"])["account"].to_pylist()]


def delete(lake: Database, *folders: str) -> None:
    for folder in folders:
        shutil.rmtree(lake.folder / "lake" / "partner_central" / folder)


@pytest.mark.long
@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("opportunities", AGAIN),
        rarely("opportunities__project_delivery_models", "AWS lists no more is lost"),
        ("opportunity_presence", "AWS lists no more is lost"),
        rarely("opportunities_rejected", AGAIN),
        ("opportunity_history", "with the newest versions only"),
        rarely("_dlt_pipeline_state", ""),
        rarely("_dlt_version", ""),
        rarely("_dlt_loads", ""),
    ],
)
@pytest.mark.parametrize("machine", ["the same", rarely("another")])
@on_a_lake
def test_what_was_deleted_is_there_again_after_the_next_sync(
    folder: str,
    said: str,
    machine: str,
    loaded: Database,
    emulator: Emulator,
    capsys: pytest.CaptureFixture[str],
) -> None:
    delete(loaded, folder)
    if machine == "another":
        shutil.rmtree(loaded.pipelines_dir)
    sync(loaded.settings(), Console())
    assert said in capsys.readouterr().err
    emulator.change(emulator.truth()[3]["Id"], CHANGE)
    assert loaded.sync().changed == 1
    loaded.assert_equals(emulator.truth())
    counts = {table: len(rows) for table, rows in loaded.rows().items()}
    assert (counts["opportunity_presence"], counts["opportunity_history"]) == (250, 251)
    quiet = loaded.sync()
    assert (quiet.calls, quiet.changed) == (1, 0)


@pytest.mark.long
@on_a_lake
def test_rows_of_what_aws_lists_no_more_come_back_from_the_history(loaded: Database, emulator: Emulator) -> None:
    key = emulator.truth()[0]["Id"]
    emulator.change(key, CHANGE)
    loaded.sync()
    emulator.remove(key)
    delete(loaded, "opportunities")
    loaded.sync()
    rows = loaded.rows()["opportunities"]
    assert len(rows) == 250
    assert [row["life_cycle_next_steps"] for row in rows if row["id"] == key] == ["A call."]


@pytest.mark.long
@on_a_lake
def test_each_account_of_a_lake_reads_again_what_one_made_again(database: Database, emulator: Emulator) -> None:
    with Emulator(opportunities=30, seed=2, rps=None) as globex:
        servers = {"acme": emulator, "globex": globex}
        for turn in range(3):
            for account, server in servers.items():
                database.sync({"endpoint_url": server.endpoint}, account=account)
            if turn == 0:
                delete(database, "opportunities", "opportunities__project_delivery_models")
        held = accounts_in(database, "opportunities")
        assert {account: held.count(account) for account in servers} == {"acme": 250, "globex": 30}
        listed = accounts_in(database, "opportunities__project_delivery_models")
        for account, server in servers.items():
            models = ((record["Project"] or {}).get("DeliveryModels") or [] for record in server.truth())
            assert listed.count(account) == sum(map(len, models))


@pytest.mark.long
@on_a_lake
@pytest.mark.parametrize("folder", ["opportunities", rarely("opportunity_history"), rarely("opportunity_presence")])
def test_a_folder_deleted_during_a_run_is_not_made_of_its_rows_alone(
    folder: str, loaded: Database, emulator: Emulator
) -> None:
    emulator.change(emulator.truth()[3]["Id"], CHANGE)
    emulator.on_call = lambda *_: delete(loaded, folder)
    with pytest.raises(NotWritable, match=f"{folder} of .* was there when this run began"):
        loaded.sync()
    emulator.on_call = None
    loaded.sync()
    loaded.assert_equals(emulator.truth())
    assert len(loaded.rows()["opportunity_presence"]) == 250
