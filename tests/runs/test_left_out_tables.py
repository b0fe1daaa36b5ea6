"""A dlt user who selects resources: what the cursor has passed for some tables is not lost for the others."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from partner_central import ChunkedLoad, partner_central
from partner_central_emulator import Emulator
from sandbox import Sandbox

CHANGE = {"LifeCycle": {"NextSteps": "A call."}}
LISTS = ("solutions", "engagement_invitations")
VERSIONS = "engagement_invitation_history"
ALL = ("opportunities", "opportunity_history", "opportunity_presence")
BY_IDS = ("aws_opportunity_summaries", "aws_opportunity_summary_history", "aws_opportunity_summary_reads")


@pytest.fixture
def few(port: int) -> Any:
    """A Partner Central with 30 opportunities."""
    with Emulator(opportunities=30, seed=1, port=port, rps=None) as running:
        yield running


class DltUser:
    """A pipeline of dlt alone, in a folder."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self._source = Sandbox(folder, endpoint).settings().source_arguments()
        self._pipeline = dlt.pipeline(
            "selecting",
            pipelines_dir=str(folder),
            destination=dlt.destinations.duckdb(str(folder / "selecting.duckdb")),
            dataset_name="crm",
        )

    def load(self, *resources: str, tables: tuple[str, ...] = ("opportunities",)) -> list[str]:
        """Loads some resources, or all; returns what was noted."""
        with ChunkedLoad() as load:
            source = partner_central(chunked_load=load, **self._source | {"tables": tables})
            self._pipeline.run(source.with_resources(*resources) if resources else source)
            return list(load.metrics.notes)

    def counts(self) -> Counter[str]:
        """The rows of each table that is there."""
        tables = {*self._pipeline.default_schema.data_table_names()}.intersection((*ALL, *LISTS, *BY_IDS, VERSIONS))
        with self._pipeline.sql_client() as client:
            return Counter(
                {name: (client.execute_sql(f"SELECT count(*) FROM {name}") or [[0]])[0][0] for name in tables}
            )


@pytest.fixture
def user(tmp_path: Path, few: Emulator) -> DltUser:
    return DltUser(tmp_path, few.endpoint)


@pytest.mark.long
def test_resources_that_are_loaded_one_after_another_have_all_rows(user: DltUser, few: Emulator) -> None:
    assert user.load("opportunities") == []
    (note,) = user.load("opportunity_history")
    assert note == "Earlier runs left out opportunity_history: everything is read again for that."
    assert user.counts() == {"opportunities": 30, "opportunity_history": 30}
    few.change(few.truth()[0]["Id"], CHANGE)
    user.load()
    assert user.counts() == {"opportunities": 30, "opportunity_history": 31, "opportunity_presence": 30}


@pytest.mark.long
def test_a_resource_that_was_left_out_once_is_read_again_once(user: DltUser, few: Emulator) -> None:
    user.load()
    few.change(few.truth()[0]["Id"], CHANGE)
    user.load("opportunities", "opportunity_presence")
    (note,) = user.load()
    assert "opportunities_rejected, opportunity_history" in note
    assert user.counts()["opportunity_history"] == 31
    few.calls.clear()
    assert user.load() == []
    assert len(few.calls) == 1


@pytest.mark.long
@pytest.mark.parametrize("order", [LISTS, (*reversed(LISTS), "opportunities"), ("opportunities", *LISTS)])
def test_lists_that_are_loaded_alone_in_any_order_lose_nothing(
    order: tuple[str, ...], user: DltUser, few: Emulator
) -> None:
    def truth() -> Counter[str]:
        return Counter({table: len(few.truth(stream=table)) for table in order})

    for table in order:
        assert user.load(table, tables=("bulk",)) == []
    assert user.counts() == truth()
    few.put({"Id": "engi-0000000000001", "ParticipantType": "RECEIVER", "Status": "PENDING"}, stream=LISTS[1])
    few.put({"Id": "S-9999999", "Name": "New", "Status": "Active"}, stream=LISTS[0])
    for table in reversed(order):
        user.load(table, tables=(table,))
    assert user.counts() == truth()


@pytest.mark.long
def test_a_list_whose_rejected_records_were_left_out_is_read_again(user: DltUser, few: Emulator) -> None:
    user.load("solutions", tables=("solutions",))
    few.calls.clear()
    user.load(tables=("solutions",))
    assert user.counts()["solutions"] == len(few.truth(stream="solutions"))
    assert {call.operation for call in few.calls} == {"ListSolutions"}


@pytest.mark.parametrize("first", [(BY_IDS[1],), (*ALL, "opportunities_rejected", BY_IDS[1])])
def test_what_is_read_by_ids_is_read_again_for_a_table_that_was_left_out(
    first: tuple[str, ...], user: DltUser, few: Emulator
) -> None:
    tables = ("opportunities", BY_IDS[0])
    user.load(*first, tables=tables)
    user.load(BY_IDS[2], tables=tables)
    assert user.counts()[BY_IDS[2]] == 30
    user.load(tables=tables)
    few.calls.clear()
    user.load(tables=tables)
    assert [call.operation for call in few.calls] == ["ListOpportunities"]
    counts = user.counts()
    assert {counts[table] for table in (ALL[0], *BY_IDS)} == {30}


def test_a_version_is_not_known_while_its_table_is_left_out(user: DltUser) -> None:
    tables = ("opportunities", BY_IDS[0])
    user.load(BY_IDS[0], tables=tables)
    user.load(tables=tables)
    assert user.counts()[BY_IDS[1]] == 30


@pytest.mark.parametrize("reason", [None, "INCOMPATIBLE_BENEFIT_AWS_PARTNER_STATE"])
def test_a_list_that_is_refused_is_noted_and_only_alone_a_failure(
    reason: str | None, user: DltUser, few: Emulator
) -> None:
    few.denied["ListSolutions"] = reason
    (note,) = user.load(tables=("opportunities", "solutions"))
    assert note.startswith("solutions was not loaded: AWS ")
    assert user.counts()["opportunities"] == 30
    with pytest.raises(PipelineStepFailed):
        user.load(tables=("solutions",))
    with pytest.raises(PipelineStepFailed):
        user.load("solutions", tables=("bulk",))


@pytest.mark.parametrize("first", [0, 1], ids=["rows", "versions"])
def test_rows_and_versions_in_turn_have_each_version_once(first: int, user: DltUser, few: Emulator) -> None:
    rows, versions = LISTS[1], VERSIONS
    tables, known = (rows,), len(few.truth(stream=rows))
    for resource in ((rows, versions) * 2)[first : first + 3]:
        user.load(resource, tables=tables)
    user.load(tables=tables)
    assert user.counts()[rows] == user.counts()[versions] == known
    few.change(few.truth(stream=rows)[0]["Id"], {"SenderCompanyName": "Another"}, stream=rows)
    for resource in (rows, versions):
        user.load(resource, tables=tables)
    assert (user.counts()[rows], user.counts()[versions]) == (known, known + 1)
