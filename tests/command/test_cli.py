"""The command line as a person, cron and a program meet it."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from datetime import datetime, timedelta

import duckdb
import pytest

from partner_central import partner_central
from partner_central_emulator import Emulator, Fault
from partner_central_sync.sync import working_folder
from sandbox import COMMAND, TIMEOUT_S, Sandbox, held_at

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (INFO|WARNING) .+")
SUMMARY = {
    "at",
    "level",
    "event",
    "run_id",
    "version",
    "exit_code",
    "phases",
    "dataset",
    "location",
    "calls",
    "throttles",
    "waited",
    "calls_left",
    "pages",
    "read",
    "changed",
    "rejected",
    "gone",
    "held",
    "mass_rejected",
    "watermark",
    "seconds",
    "new_columns",
    "left_out",
    "streams",
}


def lines(told: str) -> dict[str, str]:
    """What `status` or `check` prints, by subject."""
    found = (re.split(r"\s{2,}|(?<=^....................) ", line, maxsplit=1) for line in told.splitlines())
    return {parts[0]: parts[-1].strip() for parts in found}


@pytest.mark.parametrize("command", ["sync", "check", "status", "query", "report", "probe", "demo", "emulator"])
def test_every_command_explains_itself_and_its_exit_codes(command: str, sandbox: Sandbox) -> None:
    told = sandbox.command(command, "--help")
    assert (told.returncode, told.stderr) == (0, "")
    assert f"partner-central {command}" in told.stdout
    assert told.stdout.count("Exit codes:") == 1
    assert "list[str]" not in told.stdout


def test_without_a_command_the_commands_are_listed(sandbox: Sandbox) -> None:
    told = sandbox.command()
    for word in ("sync", "check", "status", "query", "report", "demo", "emulator", "Exit codes: 0 done"):
        assert word in told.stdout + told.stderr


@pytest.mark.long
@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("CATALOG", "Foo", "catalog is one of AWS, Sandbox, not 'Foo'"),
        ("LOOKBACK", "1000000000000000", "lookback must be at most"),
        ("LOOKBACK", "-5", "lookback must be more than"),
        ("MOST_REJECTED", "2", "most_rejected must be a share"),
    ],
)
def test_wrong_settings_end_with_2_and_a_sentence(setting: str, value: str, said: str, sandbox: Sandbox) -> None:
    ended = sandbox.command("sync", **{f"SOURCES__PARTNER_CENTRAL__{setting}": value})
    assert ended.returncode == 2
    assert said in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sync", "--fast"), "--fast"),
        (("snyc",), "snyc"),
        (("sync", "--catalog", "Nowhere"), "Nowhere"),
        (("sync", "--dataset", "drop table;"), "--dataset"),
        (("sync", "--since", "last tuesday"), "last tuesday"),
        (("sync", "--destination", "floppy"), "floppy"),
        (("sync", "--log-format", "xml"), "xml"),
        (("sync", "--life-cycle-stage", "launched"), "did you mean Launched?"),
        (("sync", "--life-cycle-review-status", "Approvedd"), "did you mean Approved?"),
        (("sync", "--life-cycle-stage", "xyz"), "it is one of Prospect, "),
        (("sync", *("--life-cycle-stage", "Launched") * 11), "at most 10"),
        (("emulator", "--port", "99999"), "65535"),
    ],
)
def test_wrong_arguments_end_with_2_and_a_sentence(
    arguments: tuple[str, ...], words: str, sandbox: Sandbox, emulator: Emulator
) -> None:
    ended = sandbox.command(*arguments)
    assert (ended.returncode, ended.stdout, emulator.calls) == (2, "", [])
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.long
def test_a_sync_that_is_no_terminal_says_plain_lines_and_a_summary(sandbox: Sandbox, emulator: Emulator) -> None:
    ended = sandbox.command("sync")
    assert ended.returncode == 0
    for line in ended.stderr.splitlines():
        assert LINE.fullmatch(line), line
    assert "\x1b" not in ended.stdout + ended.stderr
    summary = lines(ended.stdout.replace("\n  ", "\n"))
    assert summary["read"] == "250 records in 3 pages, 5 calls"
    assert (summary["changed"], summary["rejected"], summary["new columns"]) == ("250 rows", "0", "none")
    newest = max(record["LastModifiedDate"] for record in emulator.truth())
    assert summary["watermark"] == newest.replace("T", " ").replace("Z", " UTC")
    assert summary["data"] == f"{sandbox.database}, dataset partner_central"
    sandbox.assert_equals(emulator.truth())


@pytest.mark.long
def test_quiet_says_nothing_when_all_is_well_and_errors_all_the_same(sandbox: Sandbox, emulator: Emulator) -> None:
    ended = sandbox.command("sync", "--quiet")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    sandbox.assert_equals(emulator.truth())
    emulator.faults.append(Fault("access_denied"))
    ended = sandbox.command("sync", "--quiet")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "partnercentral:ListOpportunities" in ended.stderr


@pytest.mark.long
def test_a_log_in_json_holds_nothing_else(sandbox: Sandbox, emulator: Emulator) -> None:
    emulator.put({"Id": "O1", "Customer": {"Account": {"CompanyName": "Plain Ltd"}}})
    emulator.overlay("O1", {"Flag": True})
    ended = sandbox.command("sync", "--log-format", "json")
    told = [json.loads(line) for line in (ended.stderr + ended.stdout).splitlines()]
    assert all({"at", "level", "event", "run_id", "version"} <= line.keys() for line in told)
    assert {line["level"] for line in told} == {"info", "warning"}
    (summary,) = [line for line in told if line.get("event") == "synced"]
    assert summary.keys() == SUMMARY
    assert (summary["read"], summary["changed"], summary["new_columns"]) == (251, 251, ["opportunities.flag"])
    emulator.faults.append(Fault("not_a_partner"))
    ended = sandbox.command("sync", "--log-format", "json")
    last = json.loads(ended.stderr.splitlines()[-1])
    assert (ended.returncode, last["level"], last["exit_code"], ended.stdout) == (3, "error", 3, "")
    assert {line["run_id"] for line in told} == {summary["run_id"]} != {last["run_id"]}
    with duckdb.connect(str(sandbox.database), read_only=True) as connection:
        connection.execute("USE partner_central.partner_central")
        stored = connection.execute("SELECT run_id FROM sync_runs ORDER BY started_at").fetchall()
    assert stored == [(summary["run_id"],), (last["run_id"],)]
    assert {"checking", "reading", "loading"} <= summary["phases"].keys()


@pytest.mark.long
def test_a_terminal_shows_live_progress(sandbox: Sandbox, emulator: Emulator) -> None:
    ours, theirs = pty.openpty()
    shown = b""
    with held_at(emulator, 5):
        process = subprocess.Popen(
            [COMMAND, "sync"], cwd=sandbox.folder, env=sandbox.environment(TERM="xterm"), stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        while b"reading: 200 records, 2 pages" not in shown:
            shown += os.read(ours, 65536)
    with suppress(OSError):  # so a terminal says that its other end is closed
        while True:
            shown += os.read(ours, 65536)
    os.close(ours)
    assert process.wait(TIMEOUT_S) == 0
    assert b"Synced in" in shown
    assert not LINE.search(shown.decode()), "lines for logs have no place on a terminal"


def test_check_finds_a_working_account_and_reads_no_data(sandbox: Sandbox, emulator: Emulator) -> None:
    ended = sandbox.command("check")
    assert ended.returncode == 0, ended.stdout
    told = ended.stdout.splitlines()
    assert [line.split()[:2] for line in told] == [
        ["ok", "identity"],
        ["ok", "endpoint"],
        ["ok", "permission"],
        ["ok", "destination"],
    ]
    assert sandbox.endpoint in told[1]
    assert f"{sandbox.database} is writable" in told[3]
    (call,) = emulator.calls
    assert call.outcome == "ok"
    assert call.request["MaxResults"] == 1
    assert not {record["Id"] for record in emulator.truth()} & set(call.request["Identifier"])


def test_check_ends_with_the_code_of_what_fails_and_looks_at_the_rest(sandbox: Sandbox, emulator: Emulator) -> None:
    emulator.faults.append(Fault("access_denied"))
    denied = sandbox.command("check", "--catalog", "Sandbox")
    assert denied.returncode == 3
    assert "FAIL permission" in denied.stdout
    assert '"partnercentral:Catalog": "Sandbox"' in denied.stdout
    assert "ok   destination" in denied.stdout
    emulator.faults.append(Fault("unrecognized_client"))
    below_a_file = sandbox.folder / "file" / "x.duckdb"
    below_a_file.parent.touch()
    unknown = sandbox.command("check", DESTINATION__DUCKDB__CREDENTIALS=str(below_a_file))
    assert unknown.returncode == 2
    assert [line[:4] for line in unknown.stdout.splitlines()] == ["ok  ", "ok  ", "FAIL", "FAIL"]
    assert "Traceback" not in denied.stderr + unknown.stderr


def test_check_without_credentials_ends_with_2_and_says_where_they_may_be(sandbox: Sandbox, emulator: Emulator) -> None:
    ended = sandbox.command("check", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert (ended.returncode, emulator.calls) == (2, [])
    assert "AWS_PROFILE" in ended.stdout
    assert "ok   destination" in ended.stdout


def test_check_ends_with_4_when_only_the_destination_fails(sandbox: Sandbox) -> None:
    (sandbox.folder / "file").touch()
    ended = sandbox.command("check", DESTINATION__DUCKDB__CREDENTIALS=str(sandbox.folder / "file" / "x.duckdb"))
    assert (ended.returncode, ended.stdout.count("FAIL")) == (4, 1)


@pytest.mark.long
def test_status_tells_what_is_loaded_and_what_is_pending_and_makes_nothing(
    sandbox: Sandbox, emulator: Emulator
) -> None:
    nothing = sandbox.command("status")
    assert nothing.returncode == 0
    assert "nothing yet" in nothing.stdout
    assert not sandbox.database.exists()
    sandbox.sync()
    sandbox.sync(filters={"life_cycle_stage": ["Launched"]})
    pipeline = working_folder.attach(sandbox.settings())
    emulator.advance(days=1)
    pipeline.extract(partner_central(**sandbox.settings().source_arguments()))
    emulator.calls.clear()
    told = sandbox.command("status")
    assert (told.returncode, emulator.calls) == (0, [])
    for said in (r"opportunities +250 rows", r"last run +20\d\d-", r"pending +1 ", r"watermark +2026-0", r"none\n"):
        assert re.search(said, told.stdout), (said, told.stdout)
    assert "watermark of life_cycle_stage Launched " in told.stdout


@pytest.mark.long
def test_status_works_during_a_run_and_while_the_file_is_open_elsewhere(sandbox: Sandbox, emulator: Emulator) -> None:
    with held_at(emulator, 2) as arrived:
        running = sandbox.start("sync")
        assert arrived.wait(TIMEOUT_S)
        told = sandbox.command("status")
    assert told.returncode == 0, told.stderr
    assert f"process {running.pid} " in told.stdout
    assert "reading" in told.stdout
    running.communicate(timeout=TIMEOUT_S)
    with duckdb.connect(str(sandbox.database)):
        told = sandbox.command("status", "--max-age", "2h")
        assert told.returncode == 4, "the age is unknown, which is not old"
        with working_folder.hold_lock(sandbox.settings()):
            assert sandbox.command("status", "--max-age", "2h").returncode == 5
            assert sandbox.command("status", "--max-age", "0s").returncode == 8
    assert f"process {os.getpid()}" in told.stdout
    sandbox.assert_equals(emulator.truth())


@pytest.mark.long
def test_status_says_how_the_last_run_ended_and_whether_the_data_are_too_old(
    sandbox: Sandbox, emulator: Emulator
) -> None:
    assert sandbox.command("status", "--max-age", "2h").returncode == 8, "nothing is loaded"
    assert sandbox.command("status", "--max-age", "two hours").returncode == 2
    sandbox.sync()
    fresh = sandbox.command("status", "--max-age", "2h", "--format", "json")
    values = json.loads(fresh.stdout)
    assert (fresh.returncode, values["exit_code"], values["opportunities"], values["gone"]) == (0, 0, 250, 0)
    assert (values["last_run"]["outcome"], values["held"], values["active_run"]) == ("done", 0, None)
    assert 0 <= values["lag_seconds"] < TIMEOUT_S
    assert sandbox.command("status", "--max-age", "0s").returncode == 8
    emulator.faults.append(Fault("access_denied"))
    assert sandbox.command("sync").returncode == 3
    failed = sandbox.command("status", "--max-age", "2h")
    assert failed.returncode == 3
    assert re.search(r"last run +20.*refused \(exit code 3\): AWS denied", failed.stdout)
    assert sandbox.command("status").returncode == 0, "without an age it only reports"


def test_a_reader_that_has_gone_ends_no_command(sandbox: Sandbox) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as gone:
        ended = subprocess.run(
            [COMMAND, "status"],
            cwd=sandbox.folder,
            env=sandbox.environment(),
            stdout=gone,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_configuration_that_is_no_toml_ends_with_a_sentence(sandbox: Sandbox) -> None:
    (sandbox.folder / ".dlt").mkdir()
    (sandbox.folder / ".dlt" / "secrets.toml").write_text('[destination\nx = "geheim-geheim"\n')
    ended = sandbox.installed_command("sync")  # a forked command has read its configuration before
    out, error = ended.communicate(timeout=TIMEOUT_S)
    assert (ended.returncode, out) == (2, ""), error
    assert "secrets.toml is not valid TOML" in error
    assert "line 1" in error
    assert not re.search("Traceback|geheim", error)


@pytest.mark.long
def test_dlt_settings_of_folder_and_environment_are_honoured_also_relative(
    sandbox: Sandbox, emulator: Emulator
) -> None:
    (sandbox.folder / ".dlt").mkdir()
    (sandbox.folder / ".dlt" / "config.toml").write_text("[sources.partner_central]\nlookback = 86400\n")
    elsewhere = {"DESTINATION__DUCKDB__CREDENTIALS": "own/name.duckdb", "DLT_DATA_DIR": "working"}
    (sandbox.folder / "own").mkdir()
    for _ in range(2):
        ended = sandbox.command("sync", **elsewhere)
        assert ended.returncode == 0, ended.stderr
    assert str(sandbox.folder / "own" / "name.duckdb") in ended.stdout
    assert sorted(path.name for path in sandbox.folder.iterdir()) == [".dlt", "own", "working"]
    assert list(sandbox.folder.glob("working/pipelines/partner_central_sync/duckdb_*/partner_central/state.json"))
    newest = max(datetime.fromisoformat(record["LastModifiedDate"]) for record in emulator.truth())
    asked = emulator.calls[-1].request["LastModifiedDate"]["AfterLastModifiedDate"]
    assert datetime.fromisoformat(asked) == newest - timedelta(days=1)
    assert len(emulator.calls) == 6, "the second run knew the cursor"


def test_a_sync_imports_nothing_it_does_not_need_and_reports_to_nobody(sandbox: Sandbox) -> None:
    script = """
import sys
sys.argv = ["partner-central", "sync"]
from partner_central_sync.cli import app
heavy = ("pandas", "pyarrow", "numpy", "sqlalchemy", "pydantic", "requests")
try:
    app()
finally:
    import dlt
    loaded = [name for name in heavy if name in sys.modules]
    print("loaded", loaded, "telemetry", str(dlt.config["runtime.dlthub_telemetry"]).lower())
"""
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=sandbox.folder,
        env=sandbox.environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert ended.stdout.splitlines()[-1] == "loaded [] telemetry false", ended.stdout + ended.stderr


@pytest.mark.parametrize("command", ["status", "check"])
def test_an_unknown_destination_is_not_taken_for_a_damaged_working_folder(command: str, sandbox: Sandbox) -> None:
    ended = sandbox.command(command, "--destination", "floppy")
    assert ended.returncode == 2
    assert "The destination floppy is unknown" in ended.stdout + ended.stderr
    assert "damaged" not in ended.stdout + ended.stderr


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_what_no_disk_takes_ends_with_a_sentence(sandbox: Sandbox, option: str) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        ended = subprocess.run(
            [COMMAND, option],
            cwd=sandbox.folder,
            env=sandbox.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (ended.returncode, ended.stderr.count("\n")) == (4, 1)
    assert ended.stderr.startswith("Standard output could not be written: No space left")
