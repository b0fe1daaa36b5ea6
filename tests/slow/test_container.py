"""The image's command as a container runs it: process 1, the image's user and environment, and one folder to write.

No image is built: the command is the one of this checkout.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aws_server import client, deploy_events
from namespaces import hidden_interpreter, process_1, write_users
from partner_central_emulator import Emulator
from sandbox import TIMEOUT_S, Sandbox, held_at

IMAGE = (Path(__file__).parents[2] / "Dockerfile").read_text()
USER, HOME = re.findall(r"^RUN useradd --uid (\d+) --home-dir (\S+) ", IMAGE, re.MULTILINE)[0]
(ENTRYPOINT,) = (json.loads(one) for one in re.findall(r"^ENTRYPOINT (.*)$", IMAGE, re.MULTILINE))
(ENV,) = re.findall(r"^ENV ((?:.*\\\n)*.*)$", IMAGE, re.MULTILINE)
VARIABLES = dict(one.split("=", 1) for one in shlex.split(ENV.replace("\\\n", "")))
# A root of its own: the folders of this machine that every user may enter, /data and /app.
INSIDE = """
set -eu
folder=$1 interpreter=$2 user=$3 root=$1/root
shift 3
mkdir "$root"
mount -t tmpfs -o mode=755 tmpfs "$root"
mount --make-unbindable "$root"
for path in $(find / -mindepth 1 -maxdepth 1 '(' -type l -o -type d -perm -001 ')'); do
  if [ -L "$path" ]; then cp --no-dereference "$path" "$root"; continue; fi
  mkdir "$root$path"
  mount --rbind "$path" "$root$path"
done
if [ -n "$interpreter" ]; then
  mkdir -p "$root$interpreter"
  mount --bind "$interpreter" "$root$interpreter"
fi
for file in passwd group; do mount --bind "$folder/$file" "$root/etc/$file"; done
mkdir "$root/data" "$root/app"
mount --bind "$folder/home" "$root/data"
cut -d' ' -f2 /proc/mounts | grep "^$root" | grep -v -e "^$root/data" -e "^$root/dev" -e "^$root/proc" |
  while read -r one; do mount -o remount,bind,ro "$one"; done
exec chroot "$root" env --chdir=/app setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs "$@"
"""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="a process 1 of another user needs root"),
]


@pytest.fixture
def volume(tmp_path: Path, told: Emulator) -> Sandbox:
    """What is in /data."""
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, int(USER), int(USER))
    write_users(tmp_path, "sync", int(USER), HOME)
    return Sandbox(home, told.endpoint)


class Container:
    """A running command, whose process on the machine is `number`."""

    def __init__(self, outside: subprocess.Popen[str], number: int) -> None:
        self._outside, self._number = outside, number

    def until(self, words: str) -> None:
        """Reads what it says until it says this."""
        said = ""
        assert self._outside.stderr is not None
        while words not in said:
            said += (line := self._outside.stderr.readline())
            assert line, said

    def stop(self) -> tuple[int, str]:
        """Ends it as `docker stop` does; returns its exit code and what it said at the end."""
        os.kill(self._number, signal.SIGTERM)
        _, said = self._outside.communicate(timeout=TIMEOUT_S)
        return self._outside.returncode, said


@contextmanager
def container(volume: Sandbox, command: str, **environment: str) -> Iterator[Container]:
    """A container of the image with a command, which ends with the block."""
    given = volume.environment(**VARIABLES, **environment) | {"HOME": HOME}
    given["PATH"] = given["PATH"].replace("/opt/venv", sys.prefix).replace("$PATH", os.environ["PATH"])
    alone = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"]
    inside = ["bash", "-c", INSIDE, "bash", volume.folder.parent, hidden_interpreter(), USER]
    whole = [*alone, *inside, *ENTRYPOINT, command]
    with subprocess.Popen(whole, env=given, stderr=subprocess.PIPE, text=True) as outside:
        try:
            yield Container(outside, process_1(outside, lambda number: name_of(number) == ENTRYPOINT[0]))
        finally:
            outside.kill()


def name_of(number: int) -> str:
    return Path(f"/proc/{number}/comm").read_text().strip()


def test_a_listener_that_is_stopped_ends_with_0(volume: Sandbox, told: Emulator, aws: str) -> None:
    url = deploy_events(aws, "contained", QueueName="contained", RuleName="contained", Catalog="AWS")["QueueUrl"]
    with container(volume, "listen", AWS_ENDPOINT_URL_SQS=aws, PARTNER_CENTRAL__EVENTS_QUEUE=url) as running:
        running.until("Waiting for events")
        told.change(told.truth()[0]["Id"], {"LifeCycle": {"Stage": "Committed"}})
        running.until("Loaded what events named")
        code, said = running.stop()
    assert (code, "Ended as told" in said, "Traceback" in said) == (0, True, False)
    volume.assert_equals(told.truth())
    assert {file.stat().st_uid for file in volume.folder.rglob("*")} == {int(USER)}
    left = client(aws, "sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (left["ApproximateNumberOfMessages"], left["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")


def test_a_sync_that_is_stopped_ends_with_143(volume: Sandbox, told: Emulator) -> None:
    with held_at(told, 1) as arrived, container(volume, "sync") as running:
        assert arrived.wait(TIMEOUT_S)
        code, said = running.stop()
    assert (code, "SIGTERM" in said, "Traceback" in said) == (143, True, False), said
