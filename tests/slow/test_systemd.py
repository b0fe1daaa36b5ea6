"""The units of the docs in a real systemd, as they are there: drop-ins say where this test's files and servers are."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from aws_server import deploy_events
from partner_central_emulator import Emulator, Fault
from sandbox import TIMEOUT_S, Sandbox, held_at, wait_for
from systemd import HOME, systemd

ROOT = Path(__file__).parents[2]
UNIT = re.compile(r"`/etc/systemd/system/(?P<name>\S+)`:\n\n```ini\n(?P<text>.*?)```", re.DOTALL)
ADDED = re.compile(r"Add to `\[Unit\]` of `(?P<name>\S+)`.*?```ini\n(?P<text>.*?)```", re.DOTALL)
PAGES = [(ROOT / "docs" / "how-to" / page).read_text() for page in ("events.md", "cron.md", "alerting.md")]
LISTEN, SYNC, TIMER = "partner-central-listen.service", "partner-central.service", "partner-central.timer"
# PrivateTmp may hide this checkout.
HERE = f"""[Service]
BindReadOnlyPaths={ROOT}
EnvironmentFile={HOME}/environment
StandardError=append:{HOME}/log
ExecStopPost=/bin/sh -c 'echo "$SERVICE_RESULT $EXIT_STATUS" >> {HOME}/ends'
"""
MAIL = f"""#!/bin/sh
echo "$@" > {HOME}/mail
"""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="a systemd of one's own needs root"),
]


@pytest.fixture
def units() -> dict[str, str]:
    """The units of the docs, and what makes them run here."""
    found = {one["name"]: one["text"] for page in PAGES for one in UNIT.finditer(page)}
    assert set(found) == {LISTEN, SYNC, TIMER, "partner-central-alert@.service"}
    for one in (one for page in PAGES for one in ADDED.finditer(page)):
        found[f"{one['name']}.d/added.conf"] = f"[Unit]\n{one['text']}"
    found |= {f"{name}.d/here.conf": HERE for name in (LISTEN, SYNC)}
    found[f"{LISTEN}.d/soon.conf"] = "[Service]\nRestartSec=0\n"
    found[f"{TIMER}.d/now.conf"] = "[Timer]\nOnCalendar=\nOnActiveSec=0\nRandomizedDelaySec=0\n"
    return found


@pytest.fixture
def installed(tmp_path: Path, told: Emulator) -> Sandbox:
    """What is in /srv/partner-central."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".venv").symlink_to(sys.prefix)
    sandbox = Sandbox(home, told.endpoint)
    tell(sandbox)
    return sandbox


def tell(sandbox: Sandbox, **more: str) -> None:
    """Writes the environment of the services."""
    wanted = ("AWS_", "SOURCES__", "PARTNER_CENTRAL__")
    given = {name: value for name, value in sandbox.environment(**more).items() if name.startswith(wanted)}
    lines = [f"{name}='{value}'\n" for name, value in given.items()]
    (sandbox.folder / "environment").write_text("".join(lines))


def test_the_listener_starts_again_after_a_crash_and_a_stop_is_no_failure(
    tmp_path: Path, units: dict[str, str], installed: Sandbox, told: Emulator, aws: str
) -> None:
    queue = deploy_events(aws, "listened", QueueName="listened", RuleName="listened", Catalog="AWS")["QueueUrl"]
    tell(installed, AWS_ENDPOINT_URL_SQS=aws, PARTNER_CENTRAL__EVENTS_QUEUE=queue)
    log = installed.folder / "log"
    with systemd(tmp_path, installed.folder, units, {}) as manager:
        manager.systemctl("start", LISTEN)
        wait_for(log, "Waiting for events")
        told.change(told.truth()[0]["Id"], {"LifeCycle": {"Stage": "Committed"}})
        wait_for(log, "Loaded what events named")
        installed.assert_equals(told.truth())
        manager.systemctl("kill", "--signal=SIGKILL", LISTEN)
        wait_for(log, "Waiting for events", times=2)
        assert manager.show(LISTEN, "NRestarts", "ActiveState") == ("1", "active")
        manager.systemctl("stop", LISTEN)
        assert manager.show(LISTEN, "ActiveState", "Result", "ExecMainStatus") == ("inactive", "success", "0")
    assert "Ended as told" in log.read_text()
    assert (installed.folder / "ends").read_text() == "signal KILL\nsuccess 0\n"


def test_a_listener_without_a_queue_is_not_started_again(
    tmp_path: Path, units: dict[str, str], installed: Sandbox
) -> None:
    with systemd(tmp_path, installed.folder, units, {}) as manager:
        manager.systemctl("start", LISTEN)
        manager.wait_for(LISTEN, ActiveState="failed")
        assert manager.show(LISTEN, "NRestarts", "ExecMainStatus") == ("0", "2")


def test_the_timer_syncs_and_only_a_failure_is_reported(
    tmp_path: Path, units: dict[str, str], installed: Sandbox, told: Emulator
) -> None:
    ends, mail = installed.folder / "ends", installed.folder / "mail"
    units |= {name.replace(SYNC, "second.service"): text for name, text in units.items() if name.startswith(SYNC)}
    with systemd(tmp_path, installed.folder, units, {"mail": MAIL}) as manager:
        with held_at(told, 1) as arrived:
            manager.systemctl("start", TIMER)
            assert arrived.wait(TIMEOUT_S)
            manager.systemctl("start", "second.service")
            assert ends.read_text() == "success 5\n"
        wait_for(ends, "success 0\n")
        installed.assert_equals(told.truth())
        assert not mail.exists()
        told.faults.append(Fault("access_denied", calls=99))
        manager.systemctl("start", SYNC, fails=True)
        wait_for(mail, f"-s {SYNC} failed you@example.com\n")
    assert ends.read_text() == "success 5\nsuccess 0\nexit-code 3\n"
