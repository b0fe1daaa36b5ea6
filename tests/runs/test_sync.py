"""Whole runs that meet a moving account: what the tables hold after the run, or after the next quiet one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from adversarial_server import TIE, AdversarialServer, Record, nasty_records
from oracle import actual, assert_equal, expected
from partner_central import partner_central
from partner_central.errors import ConfigurationError
from partner_central_emulator import Emulator, Fault, Kind, TokenKind
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.failures import exit_code_and_message
from sandbox import Sandbox
from variants import rarely

SandboxFor = Callable[[str], Sandbox]
KINDS = ["offset", *(rarely(kind) for kind in get_args(TokenKind) if kind != "offset")]
LATE = datetime(2026, 6, 1, 8, tzinfo=UTC)


def wire(moment: datetime) -> str:
    """A moment as the service writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def named(identifier: str, company: str, modified: datetime) -> Record:
    """A small record."""
    customer = {"Account": {"CompanyName": company}}
    return {"Id": identifier, "Catalog": "AWS", "LastModifiedDate": wire(modified), "Customer": customer}


def newest_first(emulator: Emulator) -> list[str]:
    """Ids in the order of the listing."""
    truth = sorted(emulator.truth(), key=lambda record: (record["LastModifiedDate"], record["Id"]), reverse=True)
    return [record["Id"] for record in truth]


def rename(emulator: Emulator, identifier: str, name: str, at: str | None = None) -> None:
    emulator.change(identifier, {"Customer": {"Account": {"CompanyName": name}}}, at=at)


def failure(sandbox: Sandbox) -> tuple[ExitCode, str]:
    """The exit code and the message of a sync that must fail."""
    with pytest.raises(PipelineStepFailed) as caught:
        sandbox.sync()
    return exit_code_and_message(caught.value)


def asked_from(emulator: Emulator) -> str | None:
    """The LastModifiedDate the latest call asked from."""
    bound: str | None = emulator.calls[-1].request.get("LastModifiedDate", {}).get("AfterLastModifiedDate")
    return bound


def test_a_first_sync_makes_the_tables_equal_to_the_source(sandbox: Sandbox, emulator: Emulator) -> None:
    summary = sandbox.sync()
    assert (summary.calls, summary.read, summary.changed, summary.rejected) == (5, 250, 250, 0)
    sandbox.assert_equals(emulator.truth("AWS"))


def test_a_quiet_account_costs_one_call_and_loads_nothing(synced: Sandbox) -> None:
    before = synced.tables()
    quiet = synced.sync()
    assert (quiet.calls, quiet.changed) == (1, 0)
    assert synced.tables() == before


@pytest.mark.parametrize("kind", KINDS)
def test_what_changes_during_every_page_is_right_after_the_next_run(kind: TokenKind, sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=350, seed=2, rps=None, token=kind) as emulator:
        sandbox = sandbox_for(emulator.endpoint)

        def busy(number: int, _: dict[str, Any]) -> None:
            order = newest_first(emulator)
            for position in (0, 60, 130, 290, -1):
                rename(emulator, order[position], f"changed before call {number} at {position}")
            emulator.put({"Customer": {"Account": {"CompanyName": f"appeared before call {number}"}}})

        emulator.on_call = busy
        assert sandbox.sync().pages >= 4
        emulator.advance(1)
        for identifier in newest_first(emulator)[50:250]:
            rename(emulator, identifier, "changed between the runs")
        assert sandbox.sync().pages >= 3
        emulator.on_call = None
        sandbox.sync()
        sandbox.assert_equals(emulator.truth())


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_changed_twice_in_one_second_is_right_after_the_next_run(
    kind: TokenKind, sandbox_for: SandboxFor
) -> None:
    with Emulator(opportunities=150, seed=3, rps=None, token=kind) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        second, twice = wire(emulator.now()), newest_first(emulator)[140]
        rename(emulator, twice, "first", at=second)

        def again(number: int, _: dict[str, Any]) -> None:
            if number == 2:
                rename(emulator, twice, "second", at=second)

        emulator.on_call = again
        sandbox.sync()
        assert sandbox.tables().opportunities[twice]["customer_company_name"] == "first"
        assert sandbox.sync().changed == 1
        assert sandbox.tables().opportunities[twice]["customer_company_name"] == "second"
        sandbox.assert_equals(emulator.truth())


def test_rows_newer_than_the_first_page_do_not_move_the_watermark(sandbox_for: SandboxFor) -> None:
    hour_later = [named(f"O9{number:03}", "appeared", TIE + timedelta(hours=1)) for number in range(150)]

    def move_on(number: int, _: Record) -> None:
        if number == 2:
            for record in (named("O1000", "changed", TIE + timedelta(seconds=1)), *hour_later):
                server.put(record)

    with AdversarialServer(
        [named(f"O{1000 + number}", "old", TIE) for number in range(110)], on_call=move_on
    ) as server:
        sandbox = sandbox_for(server.endpoint)
        assert sandbox.sync().watermark == TIE
        assert "O9149" in sandbox.tables().opportunities
        sandbox.sync()
        sandbox.assert_equals(server.truth())


@pytest.mark.parametrize("below", [timedelta(), timedelta(days=9)], ids=["inside the lookback", "far below it"])
def test_of_a_record_read_twice_the_newest_stays_or_of_a_tie_the_last(
    below: timedelta, sandbox_for: SandboxFor
) -> None:
    old, middle, new = (TIE - below + timedelta(seconds=second) for second in (1, 2, 3))
    first = [named("O1", "older", old), named("O2", "newer", new), named("O3", "tie, read first", middle)]
    later = [named("O1", "newer", middle), named("O2", "older", old), named("O3", "tie, read later", middle)]
    shown = [named(f"O9{number:03}", "newest", TIE + timedelta(seconds=9)) for number in range(190)]

    def push_down(number: int, _: Record) -> None:
        if number == 2:
            for record in shown[90:] + later:
                server.put(record)

    oldest = [named(f"O7{number}", "oldest", TIE - timedelta(days=99)) for number in range(11)]
    with AdversarialServer([*shown[:90], *first, *oldest], on_call=push_down) as server:
        sandbox = sandbox_for(server.endpoint)
        assert sandbox.sync().read == 204
        rows = sandbox.tables().opportunities
    names = {key: rows[key]["customer_company_name"] for key in ("O1", "O2", "O3")}
    assert names == {"O1": "newer", "O2": "newer", "O3": "tie, read later"}


def test_a_list_that_is_emptied_has_no_rows_left(synced: Sandbox, emulator: Emulator) -> None:
    spends = [record["Id"] for record in emulator.truth() if record["Project"]["ExpectedCustomerSpend"]][:2]
    models = [record["Id"] for record in emulator.truth() if record["Project"]["DeliveryModels"]][:2]
    for name, (first, second) in (("ExpectedCustomerSpend", spends), ("DeliveryModels", models)):
        emulator.change(first, {"Project": {name: None}})
        emulator.change(second, {"Project": {name: []}})
    synced.sync()
    tables = synced.tables()
    assert not {row[0] for row in tables.customer_spend} & set(spends)
    assert not {row[0] for row in tables.delivery_models} & set(models)
    synced.assert_equals(emulator.truth())


def test_a_record_that_becomes_visible_late_is_loaded_inside_the_lookback(sandbox: Sandbox, emulator: Emulator) -> None:
    emulator.put(named("O1", "newest", LATE + timedelta(hours=1)))
    sandbox.sync()
    emulator.put(named("O2", "late", LATE + timedelta(minutes=55)))
    emulator.put(named("O3", "very late", LATE + timedelta(minutes=10)))
    assert sandbox.sync().changed == 1
    assert {"O2", "O3"} & sandbox.tables().opportunities.keys() == {"O2"}
    sandbox.sync({"lookback": 3000})
    assert asked_from(emulator) == wire(LATE + timedelta(minutes=10))
    sandbox.assert_equals(emulator.truth())


def test_many_ties_on_the_newest_second_are_quiet_too(sandbox_for: SandboxFor) -> None:
    with AdversarialServer([named(f"O{n}", "tied", TIE) for n in range(150)], token_kind="position") as server:
        server.tie_order = "shuffled"
        sandbox = sandbox_for(server.endpoint)
        sandbox.sync()
        before = sandbox.tables()
        quiet = sandbox.sync()
        assert (quiet.calls, quiet.read, quiet.changed) == (2, 150, 0)
        assert sandbox.tables() == before
        sandbox.assert_equals(server.truth())


@pytest.mark.parametrize(("size", "calls"), [(0, 1), rarely(1, 1), (100, 1), (101, 4)])
def test_an_account_of_any_size_is_loaded(size: int, calls: int, sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=size, rps=None) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        summary = sandbox.sync()
        assert (summary.calls, summary.changed) == (calls, size)
        sandbox.assert_equals(emulator.truth())


def test_an_empty_account_stays_quiet_until_its_first_record(sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=0, rps=None) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        for _ in range(2):
            summary = sandbox.sync()
            assert (summary.calls, summary.changed, summary.watermark) == (1, 0, None)
            sandbox.assert_equals([])
        emulator.put(named("O1", "first", LATE))
        assert sandbox.sync().watermark == LATE
        sandbox.assert_equals(emulator.truth())


def test_dates_with_and_without_fractions_are_compared_as_instants(sandbox_for: SandboxFor) -> None:
    def dated(identifier: str, modified: str) -> Record:
        return {**named(identifier, modified, TIE), "LastModifiedDate": modified}

    dates = ["12:00:00Z", "12:00:00.900Z", "12:00:00.123456789Z", "12:00:00.9Z", "14:00:00.5+02:00"]
    with AdversarialServer(dated(f"O{n}", f"2026-03-01T{date}") for n, date in enumerate(dates)) as server:
        sandbox = sandbox_for(server.endpoint)
        assert sandbox.sync({"lookback": 0}).watermark == TIE + timedelta(milliseconds=900)
        server.put(dated("O1", "2026-03-01T12:00:00.900Z") | {"OpportunityType": "same instant"})
        server.put(dated("O9", "2026-03-01T12:00:00.901Z"))
        assert sandbox.sync({"lookback": 0}).changed == 2
        assert server.calls[-1]["LastModifiedDate"]["AfterLastModifiedDate"].startswith("2026-03-01T11:59:59")
        sandbox.assert_equals(server.truth())


@pytest.mark.parametrize("others", [pytest.param(1, id="among others"), rarely(0, id="alone")])
def test_a_date_in_the_year_2999_hides_no_later_change(others: int, sandbox_for: SandboxFor) -> None:
    with AdversarialServer([named("O1", "time traveller", datetime(2999, 1, 1, tzinfo=UTC))]) as server:
        for number in range(others):
            server.put(named(f"O2{number}", "here and now", TIE))
        sandbox = sandbox_for(server.endpoint)
        sandbox.sync()
        server.put(named("O3", "later", TIE + timedelta(hours=1)))
        sandbox.sync()
        sandbox.assert_equals(server.truth())


def test_a_failed_run_changes_neither_tables_nor_cursor(synced: Sandbox, emulator: Emulator) -> None:
    before = synced.tables()
    emulator.advance(1)
    for identifier in newest_first(emulator)[:220]:
        rename(emulator, identifier, "changed")
    ends: list[tuple[Kind, ExitCode, str]] = [
        ("access_denied", ExitCode.REFUSED, "partnercentral:ListOpportunities"),
        ("repeat_token", ExitCode.RETRY_LATER, "same token"),
        ("expired_token", ExitCode.RETRY_LATER, "no longer accepts the token"),
    ]
    for kind, code, words in ends:
        calls = len(emulator.calls)
        emulator.faults.append(Fault(kind, after=4))
        ended, message = failure(synced)
        assert (ended, words in message, len(emulator.calls) - calls) == (code, True, 5)
        assert synced.tables() == before
    asked = {call.request["LastModifiedDate"]["AfterLastModifiedDate"] for call in emulator.calls}
    assert synced.sync().changed >= 220
    assert {asked_from(emulator)} == asked
    synced.assert_equals(emulator.truth())


def test_after_a_failed_first_run_the_next_loads_everything(sandbox: Sandbox, emulator: Emulator) -> None:
    emulator.faults.append(Fault("access_denied", after=2))
    assert failure(sandbox)[0] is ExitCode.REFUSED
    assert sandbox.sync().changed == 250
    sandbox.assert_equals(emulator.truth())


def test_the_source_alone_fills_dlts_own_duckdb(tmp_path: Path) -> None:
    with AdversarialServer(nasty_records(5, 60)) as server:
        settings = Sandbox(tmp_path, server.endpoint).settings()
        database = tmp_path / "plain.duckdb"
        pipeline = dlt.pipeline(
            "plain",
            pipelines_dir=str(tmp_path / "pipelines"),
            destination=dlt.destinations.duckdb(str(database)),
            dataset_name="crm",
        )
        pipeline.run(partner_central(**settings.source_arguments()))
        assert_equal(expected(server.truth()), actual(database, "crm"))


def test_one_filter_value_given_as_bare_text_is_that_one_value(sandbox: Sandbox, emulator: Emulator) -> None:
    launched = [record for record in emulator.truth() if record["LifeCycle"]["Stage"] == "Launched"]
    assert sandbox.sync({"life_cycle_stage": "Launched"}).read == len(launched)
    assert emulator.calls[0].request["LifeCycleStage"] == ["Launched"]


@pytest.mark.parametrize("setting", [{"calls_per_second": 0}, {"calls_per_second": -1}, {"lookback": -1}])
def test_a_setting_no_listing_could_run_with_is_refused_before_asking(
    sandbox: Sandbox, emulator: Emulator, setting: dict[str, float]
) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(setting))):
        sandbox.sync(dict(setting))
    assert emulator.calls == []
