"""A DuckDB file is written again without losing what somebody else commits meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from partner_central_sync.destinations import duckdb_file
from partner_central_sync.destinations.duckdb_file import MOST_WRITERS, OLD, rewrite

WRITER = """
import os, sys
import duckdb

connection = duckdb.connect(sys.argv[1])
connection.execute("INSERT INTO t VALUES (2)")
os._exit(0)  # as one that is killed: what it committed stands in the log alone
"""


def write_elsewhere(file: Path) -> str:
    """Inserts a row in another process, which leaves its log; returns what DuckDB says if it may not."""
    ended = subprocess.run([sys.executable, "-c", WRITER, str(file)], capture_output=True, text=True, check=False)
    return ended.stderr


def rows(file: Path) -> list[int]:
    with duckdb.connect(str(file)) as connection:
        return [number for (number,) in connection.execute("SELECT n FROM t ORDER BY n").fetchall()]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "some.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE t (n INTEGER)")
        connection.execute("INSERT INTO t VALUES (1)")
    return path


def test_nobody_writes_between_the_copy_and_its_taking_the_place(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused: list[str] = []
    replace = os.replace

    def write_and_replace(fresh: Path, old: Path) -> None:
        refused.append(write_elsewhere(file))
        replace(fresh, old)
        refused.append(write_elsewhere(file))  # the new file is free

    monkeypatch.setattr(duckdb_file.os, "replace", write_and_replace)
    assert "is rewritten" in rewrite(file)
    assert "Could not set lock" in refused[0]
    assert refused[1] == ""
    assert rows(file) == [1, 2]


def test_what_stands_in_the_log_alone_is_taken_along(file: Path) -> None:
    assert write_elsewhere(file) == ""
    log = file.with_name(f"{file.name}.wal")
    assert log.exists()
    assert "is rewritten" in rewrite(file)
    assert not log.exists()
    assert rows(file) == [1, 2]


class Interfered:
    """A connection; each time that it lets go of the file, somebody else writes, so many times."""

    def __init__(self, file: Path, connection: duckdb.DuckDBPyConnection, times: int) -> None:
        self._file, self._connection, self._left = file, connection, times

    def execute(self, statement: str) -> Any:
        found = self._connection.execute(statement)
        if statement == f"DETACH {OLD}" and self._left:
            self._left -= 1
            assert write_elsewhere(self._file) == ""
        return found


def test_the_file_is_opened_again_if_somebody_wrote_before_it_was_held(file: Path) -> None:
    with duckdb.connect() as connection:
        duckdb_file._open_without_log(Interfered(file, connection, 1), file)  # type: ignore[arg-type]
        assert connection.execute(f"SELECT count(*) FROM {OLD}.t").fetchall() == [(2,)]
        assert not file.with_name(f"{file.name}.wal").exists()


def test_a_file_to_which_others_write_all_the_time_is_left(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb_file, "MOST_WRITERS", 2)
    assert MOST_WRITERS > 2
    with duckdb.connect() as connection, pytest.raises(duckdb.IOException, match="write to it all the time"):
        duckdb_file._open_without_log(Interfered(file, connection, 9), file)  # type: ignore[arg-type]
