"""What a command costs: time, processor and memory, as the kernel counts them.

The command is started by a small process of its own. A child's peak memory counts from its parent's: started from a
large process, it would show that one's.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

TAIL = 4000


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command, or a pipeline of them, took.

    Attributes:
        wall_seconds: From the first start to the last end.
        cpu_seconds: User and system time of all processes, children and threads included.
        peak_mb: The largest resident memory in MiB; of a pipeline, the sum over its commands.
        exit_code: 0, or that of the first command of the pipeline that failed; negative for a signal.
        stderr_tail: The end of what they wrote to standard error, in the order of the pipeline.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_mb: float
    exit_code: int
    stderr_tail: str


class CommandFailed(Exception):
    """A command ended with an exit code that is not 0; `cost` is what it took all the same."""

    def __init__(self, command: str, cost: Cost) -> None:
        super().__init__(f"{command} ended with {cost.exit_code}:\n{cost.stderr_tail}")
        self.cost = cost


def run(
    *commands: Sequence[str | Path], env: Mapping[str, str], cwd: Path | None = None, timeout: float = 3600
) -> Cost:
    """Runs a command to its end, or several as a pipeline, each reading what the one before writes.

    Raises:
        FileNotFoundError: a command is not there.
        CommandFailed: a command's exit code is not 0.
        TimeoutError: they took longer than `timeout` seconds; they were ended.
    """
    argvs = [[str(word) for word in command] for command in commands]
    shown = " | ".join(" ".join(argv) for argv in argvs)
    for argv in argvs:
        if shutil.which(argv[0], path=env.get("PATH", "")) is None:
            raise FileNotFoundError(f"{argv[0]} is not a command that can be run")
    with TemporaryDirectory() as folder:
        logs = [str(Path(folder, f"{position}.log")) for position in range(len(argvs))]
        launcher = [sys.executable, "-I", "-S", __file__, json.dumps([argvs, logs])]
        # A session of its own, so that all of it can be ended together.
        with subprocess.Popen(
            launcher, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True
        ) as process:
            try:
                found, _ = process.communicate(timeout=timeout)
            except BaseException as error:
                os.killpg(process.pid, signal.SIGKILL)
                if isinstance(error, subprocess.TimeoutExpired):
                    raise TimeoutError(f"{shown} took longer than {timeout} s and was ended") from None
                raise
        if process.returncode:
            raise RuntimeError(f"{shown} could not be started; see standard error")
        tail = "".join(Path(log).read_text(errors="replace")[-TAIL:] for log in logs)
        cost = Cost(**json.loads(found), stderr_tail=tail)
    if cost.exit_code:
        raise CommandFailed(shown, cost)
    return cost


def cpu_seconds_of(pid: int) -> float:
    """Returns the user and system time of a running process so far, to a hundredth of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:13]) / os.sysconf("SC_CLK_TCK")


def _measure(argvs: list[list[str]], logs: list[str]) -> dict[str, float]:
    began = time.monotonic()
    processes: list[subprocess.Popen[bytes]] = []
    for argv, log in zip(argvs, logs, strict=True):
        before = processes[-1].stdout if processes else subprocess.DEVNULL
        after = subprocess.PIPE if len(processes) < len(argvs) - 1 else subprocess.DEVNULL
        with Path(log).open("wb") as stderr:
            processes.append(subprocess.Popen(argv, stdin=before, stdout=after, stderr=stderr))
        if len(processes) > 1 and processes[-2].stdout is not None:
            processes[-2].stdout.close()  # only the reader holds it: if that ends, the writer is told
    cpu = peak = 0.0
    for process in processes:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        cpu += usage.ru_utime + usage.ru_stime
        peak += usage.ru_maxrss / 1024
    failed = next((process.returncode for process in processes if process.returncode), 0)
    return {
        "wall_seconds": time.monotonic() - began,
        "cpu_seconds": cpu,
        "peak_mb": peak,
        "exit_code": failed,
    }


if __name__ == "__main__":
    json.dump(_measure(*json.loads(sys.argv[1])), sys.stdout)
