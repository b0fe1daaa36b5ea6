"""One adapter is all that this program knows of a destination."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from dlt.common.destination import Destination
from dlt.common.exceptions import MissingDependencyException

from partner_central import ChunkedLoad, partner_central
from partner_central.errors import ConfigurationError
from partner_central.public import STREAMS, Stream
from partner_central_emulator import Emulator
from partner_central_sync import destinations
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.failures import exit_code_and_message
from partner_central_sync.console.output import Console
from partner_central_sync.destinations.base import Adapter, RefusedSetting
from partner_central_sync.destinations.duckdb import DuckDbAdapter, duckdb
from partner_central_sync.destinations.errors import NotAllowed, classify_load_error
from partner_central_sync.forget.run import forget
from partner_central_sync.query.read_only import open_read_only, run_query
from partner_central_sync.sync import dlt_settings
from partner_central_sync.sync.status import status
from sandbox import Sandbox

EXECUTED: list[str] = []


class pond(duckdb):  # noqa: N801 - the class name is the name of its configuration section
    """A factory of a destination that nobody has."""


@dataclass(frozen=True)
class PondAdapter(DuckDbAdapter):
    """A destination that nobody has, and that holds what DuckDB holds."""

    def own_factory(self) -> type[Destination[Any, Any]]:
        return pond

    def update_statement(self, table: str, changes: str, condition: str) -> str:
        statement = super().update_statement(table, changes, condition)
        EXECUTED.append(statement)
        return statement

    def display_location(self, client: Any) -> str:
        return f"pond {super().display_location(client)}"

    def explain_refusal(self, message: str) -> str | None:
        return "Fence the pond." if "quack" in message else super().explain_refusal(message)

    def rewrite(self, client: Any) -> str | None:
        del client
        return "free blocks: the pond is drained"


POND = PondAdapter(
    "pond",
    extras={"ducks": "pond"},
    drivers=("pond_driver.",),
    has_lasting_credentials=True,
    is_one_file=True,
    view_store="duckdb.DuckDbViews",
    refused_settings=(RefusedSetting("depth", "drown rows", "shallow"),),
    out_of_reach="the bottom",
)


@pytest.fixture
def pond_name() -> Iterator[str]:
    """The name of a destination that was added by registering its adapter, and by nothing else."""
    destinations.register(POND)
    yield POND.name
    destinations.unregister(POND.name)
    EXECUTED.clear()


@pytest.mark.long
@pytest.mark.views
def test_a_registered_adapter_is_all_that_a_new_destination_needs(
    sandbox: Sandbox, emulator: Emulator, pond_name: str
) -> None:
    summary = sandbox.sync(destination=pond_name)
    assert summary.location == f"pond {sandbox.database}"
    sandbox.assert_equals(emulator.truth())
    assert any("sync_lease" in statement for statement in EXECUTED)
    settings = sandbox.settings(destination=pond_name)
    lines = dict(line[:2] for line in status(settings))
    assert lines["destination"] == f"pond {sandbox.database}, dataset partner_central"
    assert lines["opportunities"] == "250 rows"
    with open_read_only(settings) as client, run_query(client, "SELECT count(*) FROM opportunity_current") as result:
        assert list(result.rows) == [(250,)]
    cleaned = forget(replace(settings, pii="drop"), Console(quiet=True))
    assert "free blocks: the pond is drained" in cleaned
    assert any(line.startswith("Out of reach: the bottom") for line in cleaned)


def test_its_errors_extras_and_settings_are_known(
    sandbox: Sandbox, pond_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = type("Quack", (Exception,), {"__module__": "pond_driver.errors"})("quack: permission denied")
    refused = classify_load_error([error])
    assert isinstance(refused, NotAllowed)
    assert str(refused) == "Fence the pond."
    code, message = exit_code_and_message(MissingDependencyException(pond_name, ["dlt[ducks]"]))
    assert code is ExitCode.CONFIGURATION
    assert "'partner-central-sync[pond]'" in message
    monkeypatch.setenv("DESTINATION__POND__DEPTH", "deep")
    with pytest.raises(ConfigurationError, match="would drown rows"):
        dlt_settings.check(sandbox.settings(destination=pond_name))
    assert pond_name in destinations.names()


def test_a_destination_without_an_adapter_is_adapted_like_every_database() -> None:
    assert destinations.get("synapse") == Adapter("synapse")


@pytest.mark.parametrize("name", destinations.MODULES)
def test_every_listed_destination_has_its_adapter(name: str) -> None:
    assert destinations.get(name).name == name


def test_a_stored_type_does_not_depend_on_the_module_of_a_factory(sandbox: Sandbox) -> None:
    assert destinations.get("duckdb").destination(sandbox.database).destination_type == "dlt.destinations.duckdb"
    assert destinations.get("filesystem").destination().destination_type == "dlt.destinations.filesystem"


def test_the_registry_is_imported_without_dlt_or_a_driver() -> None:
    program = (
        "import sys, partner_central_sync.destinations as d; d.names(); "
        "print(sorted({'dlt', 'duckdb', 'psycopg2'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.table)
@pytest.mark.parametrize("name", ["duckdb", "postgres", "snowflake", "bigquery", "clickhouse", "filesystem"])
def test_every_adapter_takes_a_source_of_any_stream_alone(sandbox: Sandbox, name: str, stream: Stream) -> None:
    arguments = sandbox.settings().source_arguments() | {"tables": [stream.table], "details_of": ["O1"]}
    with ChunkedLoad() as load:
        source = destinations.get(name).adapt_source(partner_central(chunked_load=load, **arguments))
    assert stream.table in source.resources
