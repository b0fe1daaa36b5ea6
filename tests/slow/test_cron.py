"""The README's line in a real cron: Debian's daemon, in a namespace where this test's crontab is the only one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from partner_central_emulator import Emulator
from sandbox import TIMEOUT_S, Sandbox, held_at, wait_for

README = Path(__file__).parents[2] / "README.md"
# Other crontabs and a cron that runs already are out of sight; everything ends with the namespace.
ALONE = """
set -e
for folder in /etc/cron.d /var/spool/cron /run; do mount -t tmpfs tmpfs $folder; done
mount --bind /dev/null /etc/crontab
mkdir -p /var/spool/cron/crontabs
install -m 600 "$1" /var/spool/cron/crontabs/root
exec cron -f
"""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="a cron of one's own needs root"),
]


def line_of_readme(sandbox: Sandbox) -> str:
    """What the README has cron run, in this folder."""
    found = re.search(r"^ *\*/30 \* \* \* \* (cd /srv/partner-central && .+)$", README.read_text(), re.MULTILINE)
    assert found, "the README has no cron line"
    return found[1].replace("/srv/partner-central", str(sandbox.folder))


@contextmanager
def cron(sandbox: Sandbox, *lines: str) -> Iterator[None]:
    """A cron that runs these lines every minute."""
    assert shutil.which("cron"), "this needs Debian's package cron"
    wanted = ("AWS_", "DLT_", "SOURCES__")
    names = {name: value for name, value in sandbox.environment().items() if name.startswith(wanted)}
    variables = [f"{name}='{value}'" for name, value in {"MAILTO": "", **names}.items()]
    crontab = sandbox.folder / "crontab"
    crontab.write_text("\n".join([*variables, *(f"* * * * * {line}" for line in lines), ""]))
    alone = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    daemon = subprocess.Popen([*alone, "bash", "-c", ALONE, "bash", str(crontab)])
    try:
        yield
        assert daemon.poll() is None, "cron has ended"
    finally:
        daemon.kill()
        daemon.wait(TIMEOUT_S)


def test_of_two_overlapping_cron_jobs_the_second_ends_with_5(sandbox: Sandbox, emulator: Emulator) -> None:
    (sandbox.folder / ".venv").symlink_to(sys.prefix)
    log = sandbox.folder / "jobs.log"
    job = f'{line_of_readme(sandbox)} >> {log} 2>&1; echo "exit $?" >> {log}'
    with cron(sandbox, job, job):
        with held_at(emulator, 1):
            said = wait_for(log, "exit 5\n")
            assert said == "exit 5\n", "with --quiet, cron has nothing to mail: the active run does the work"
            assert len(emulator.calls) <= 1
        wait_for(log, "exit 0\n")
    sandbox.assert_equals(emulator.truth())
    assert "Traceback" not in log.read_text()
