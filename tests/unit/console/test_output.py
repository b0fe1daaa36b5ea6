"""The last line of a run, and the line of a call that is tried again."""

from __future__ import annotations

import json

import pytest

from partner_central.errors import CallLimitReached, ServiceUnavailable
from partner_central.metrics import SyncMetrics
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.failures import AnotherRun
from partner_central_sync.console.output import Console
from partner_central_sync.sync.summary import Summary

SUMMARY = Summary("partner_central", "here", 1, 0, 0.0, None, 1, 9, 9, 0, None, 1.0)
Capture = pytest.CaptureFixture[str]


def lines(capsys: Capture) -> list[dict[str, object]]:
    out, error = capsys.readouterr()
    return [json.loads(line) for line in (error + out).splitlines()]


def noisy(*, log_format: str = "json") -> Console:
    """A quiet console after much that is not to be printed."""
    console = Console("json" if log_format == "json" else "text", quiet=True)
    console.begin_run()
    console.begin_phase("reading")
    console.note("note")
    console.show_progress(SyncMetrics(read=5, trouble="no connection"))
    return console


def test_quiet_json_has_the_last_line_of_a_run_that_finished(capsys: Capture) -> None:
    noisy().print_summary(SUMMARY)
    (last,) = lines(capsys)
    assert (last["event"], last["exit_code"], last["changed"]) == ("synced", 0, 9)
    assert list(last["phases"]) == ["reading"]  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("error", "event"),
    [
        (ServiceUnavailable("busy"), "failed"),
        (AnotherRun("active"), "skipped"),
        (CallLimitReached("as told"), "stopped"),
        (KeyboardInterrupt(), "interrupted"),
        (ZeroDivisionError("a defect"), "failed"),
    ],
)
def test_quiet_json_has_the_last_line_of_a_run_that_did_not(error: BaseException, event: str, capsys: Capture) -> None:
    code = noisy().print_failure(error)
    (last,) = lines(capsys)
    assert (last["event"], last["exit_code"]) == (event, int(code))
    assert {"run_id", "version", "phases", "message"} <= last.keys()


def test_quiet_json_has_the_last_line_of_several_accounts(capsys: Capture) -> None:
    codes = {"acme": ExitCode.DONE, "globex": ExitCode.RETRY_LATER}
    noisy().print_accounts([], codes, ExitCode.RETRY_LATER)
    (last,) = lines(capsys)
    assert (last["event"], last["exit_code"], last["accounts"]) == ("ended", 4, {"acme": 0, "globex": 4})


def test_quiet_text_has_no_last_line_of_a_run_that_finished(capsys: Capture) -> None:
    noisy(log_format="text").print_summary(SUMMARY)
    assert capsys.readouterr() == ("", "")


def test_a_call_that_is_tried_again_has_one_line_and_none_once_it_succeeds(capsys: Capture) -> None:
    console = Console("json")
    said = "no connection to example.com, attempt 3 of 8, again in 6 s"
    metrics = SyncMetrics(watch=console.show_progress)
    for sentence in (said, said, None, None):
        metrics.record_trouble(sentence)
        metrics.record_call(left=9)
    assert [(line["event"], line["message"]) for line in lines(capsys)] == [("retry", said)]
