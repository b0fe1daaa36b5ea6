"""A DuckDB file that is made today is read by a client of 2024; `make test-duckdb` names its Python in OLD_DUCKDB."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from partner_central_sync.sync.settings import Settings
from worked_example import SMALL_CASE, filled

OLD = os.environ.get("OLD_DUCKDB", "")
READ = """
import duckdb, json, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
connection.execute("USE partner_central")  # a view of another schema finds no bare names in DuckDB before 1.4
names = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'partner_central'")
counts = {name: connection.execute(f"SELECT count(*), max(COLUMNS(*)::VARCHAR) FROM {name}").fetchone()[0]
          for (name,) in names.fetchall()}
print(json.dumps([duckdb.__version__, counts]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not OLD, reason="make test-duckdb")
def test_an_old_client_reads_every_table_and_view(tmp_path: Path) -> None:
    database = tmp_path / "made.duckdb"
    filled(Settings(database=database), tmp_path / "work", SMALL_CASE)
    ran = subprocess.run([OLD, "-c", READ, str(database)], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    version, counts = json.loads(ran.stdout)
    assert version.startswith("1.")
    assert counts["opportunities"] == len(SMALL_CASE["opportunities"])
    assert counts["stalled"] == 2
    assert len(counts) >= 25
