"""A systemd of a test's own, as process 1 of namespaces where its units are the only ones.

It sees no unit, user or control group of the machine, and everything that it started ends with it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from namespaces import hidden_interpreter, process_1, write_users
from sandbox import TIMEOUT_S

HOME, USER, UID = "/srv/partner-central", "partner-central", 10002
TARGETS = ("sysinit", "basic", "timers", "shutdown", "network-online", "multi-user")

# The control group is of the test, and removed at the end.
OUTSIDE = """
set -eu
mount --make-rprivate /
mount -t cgroup2 cgroup2 /sys/fs/cgroup
before=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup) own=$before/of-a-test-$$
mkdir "$own"
echo $$ > "$own/cgroup.procs"
unshare --mount --pid --fork --kill-child --mount-proc --cgroup --ipc --uts bash -c "$3" bash "$1" "$2" "$4" || true
echo $$ > "$before/cgroup.procs"
find "$own" -depth -type d -exec rmdir {} +
"""
INSIDE = f"""
set -eu
umount /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
for folder in /run /srv /var/lib/systemd /usr/local/sbin; do
  mkdir -p $folder
  mount -t tmpfs -o mode=755 tmpfs $folder
done
mkdir {HOME}
mount --bind "$2" {HOME}
if [ -n "$3" ]; then
  mkdir /run/shown
  mount --bind "$3" /run/shown
  mount -t tmpfs -o mode=755 tmpfs "/$(cut -d/ -f2 <<< "$3")"
  mkdir -p "$3"
  mount --bind /run/shown "$3"
fi
for file in passwd group; do mount --bind "$1/$file" /etc/$file; done
cp "$1"/programs/* /usr/local/sbin
export container=test SYSTEMD_UNIT_PATH="$1/units"
exec /lib/systemd/systemd --system --unit=multi-user.target --show-status=no --log-target=null < /dev/null
"""


@dataclass(frozen=True, slots=True)
class Systemd:
    """A running systemd; `number` is that of its process on the machine."""

    number: int

    def systemctl(self, *arguments: str, fails: bool = False) -> str:
        """Runs systemctl beside it; returns what that printed."""
        done = subprocess.run(
            ["nsenter", "--target", str(self.number), "--mount", "--pid", "--cgroup", "systemctl", *arguments],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert fails or done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def show(self, unit: str, *names: str) -> tuple[str, ...]:
        """Returns properties of a unit."""
        said = self.systemctl("show", unit, *(f"--property={name}" for name in names))
        found = dict(line.split("=", 1) for line in said.splitlines())
        return tuple(found[name] for name in names)

    def wait_for(self, unit: str, **properties: str) -> None:
        """Waits until a unit has these properties."""
        end = time.monotonic() + TIMEOUT_S
        while (found := self.show(unit, *properties)) != tuple(properties.values()):
            assert time.monotonic() < end, found
            time.sleep(0.1)


@contextmanager
def systemd(folder: Path, home: Path, units: Mapping[str, str], programs: Mapping[str, str]) -> Iterator[Systemd]:
    """A running systemd.

    Args:
        folder: for its files.
        home: what it sees as /srv/partner-central, which the user partner-central owns.
        units: texts of units and drop-ins, by the names of their files.
        programs: texts of scripts that it finds before others, by their names.
    """
    assert shutil.which("systemctl"), "this needs Debian's package systemd"
    targets = {f"{name}.target": "[Unit]\nDefaultDependencies=no\n" for name in TARGETS}
    _write(folder / "units", targets | dict(units))
    _write(folder / "programs", {"true": "#!/bin/sh\n", **programs})
    write_users(folder, USER, UID, HOME)
    for path in (home, *home.rglob("*")):
        os.chown(path, UID, UID, follow_symlinks=False)
    command = ["bash", "-c", OUTSIDE, "bash", folder, home, INSIDE, hidden_interpreter()]
    outside = subprocess.Popen(["unshare", "--mount", *command], text=True)
    running: Systemd | None = None
    try:
        running = Systemd(process_1(outside, _answers))
        yield running
    finally:
        if running:
            os.kill(running.number, signal.SIGKILL)
        assert outside.wait(TIMEOUT_S) == 0


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)


def _answers(number: int) -> bool:
    """Returns whether a process is systemd, and serves systemctl."""
    if Path(f"/proc/{number}/comm").read_text() != "systemd\n":
        return False
    return "Version=" in Systemd(number).systemctl("show", "--property=Version", fails=True)
