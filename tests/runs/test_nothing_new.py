"""A run that finds nothing new is over before dlt extracts, unless there is more to store than rows."""

from __future__ import annotations

from typing import Any

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from databases import Database
from partner_central_emulator import Emulator, Fault, Kind
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.failures import exit_code_and_message

ONE_YEAR_ON = "2027-11-28T00:00:00Z"


@pytest.fixture
def extracted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the sources that dlt extracts from now on."""
    names: list[str] = []
    extract = dlt.Pipeline.extract

    def noted(pipeline: dlt.Pipeline, source: Any, **options: Any) -> Any:
        names.append(source.name)
        return extract(pipeline, source, **options)

    monkeypatch.setattr(dlt.Pipeline, "extract", noted)
    return names


def test_nothing_is_extracted_where_nothing_is_new(loaded: Database, extracted: list[str], emulator: Emulator) -> None:
    before = loaded.tables()
    summary = loaded.sync()
    assert (summary.calls, summary.changed, extracted) == (1, 0, [])
    assert loaded.tables() == before
    ((outcome, calls),) = loaded.sql("SELECT outcome, calls FROM sync_runs ORDER BY started_at DESC LIMIT 1")
    assert (outcome, calls) == ("done", 1)
    loaded.assert_equals(emulator.truth())


def test_the_page_that_has_something_new_is_asked_for_once(
    loaded: Database, extracted: list[str], emulator: Emulator
) -> None:
    first, *_ = emulator.truth()
    emulator.change(first["Id"], {"LastModifiedDate": ONE_YEAR_ON, "NationalSecurity": "Yes"})
    summary = loaded.sync()
    assert (summary.calls, summary.changed, len(extracted)) == (1, 1, 1)
    loaded.assert_equals(emulator.truth())
    assert (loaded.sync().changed, len(extracted)) == (0, 1)


@pytest.mark.parametrize("options", [{"full": True}, {"source": {"life_cycle_stage": ["Launched"]}}])
def test_a_full_run_and_another_filter_are_extracted(
    loaded: Database, extracted: list[str], options: dict[str, Any], emulator: Emulator
) -> None:
    loaded.sync(**options)
    assert len(extracted) == 1
    loaded.assert_equals(emulator.truth())


def test_a_cursor_that_moves_without_a_row_is_stored(
    loaded: Database, extracted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = {"note": "a later release keeps more in the cursor"}

    def state(self: Any) -> dict[str, Any]:
        return self._reading.state() | moved

    with monkeypatch.context() as patched:
        patched.setattr("partner_central.read.stream_reading.StreamReading.state", state)
        summary = loaded.sync()
    assert (summary.calls, summary.changed, len(extracted)) == (1, 0, 1)
    assert moved["note"] in (loaded.working_folder / "state.json").read_text()


@pytest.mark.parametrize(
    ("kind", "code"), [("access_denied", ExitCode.REFUSED), ("expired_credentials", ExitCode.CONFIGURATION)]
)
def test_a_first_call_that_fails_ends_the_run_as_any_other(
    loaded: Database, emulator: Emulator, kind: Kind, code: ExitCode
) -> None:
    before = loaded.tables()
    emulator.faults.append(Fault(kind))
    with pytest.raises(PipelineStepFailed) as caught:
        loaded.sync()
    assert exit_code_and_message(caught.value)[0] is code
    assert loaded.tables() == before
    assert loaded.sync().calls == 1


def test_a_first_call_that_is_throttled_is_made_again(
    loaded: Database, emulator: Emulator, extracted: list[str]
) -> None:
    emulator.faults.append(Fault("throttle"))
    assert loaded.sync().calls == 2
    assert extracted == []
