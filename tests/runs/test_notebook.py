"""The notebook of the documentation: its cells run one after another, and again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import TIMEOUT_S

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebooks" / "partner_central.ipynb"
CELLS = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
CODE = ["".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "code"]
CHECK = """
assert list(opportunities["id"]) and len(opportunities) == 200
assert set(moved["id"]) <= set(opportunities["id"]) and len(moved) > 5
assert (moved["life_cycle_stage"] != moved["before"]).all()
"""


def test_the_notebook_has_ten_cells_and_keeps_no_output() -> None:
    assert len(CELLS) == 10
    outputs = [(cell["outputs"], cell["execution_count"]) for cell in CELLS if cell["cell_type"] == "code"]
    assert outputs == [([], None)] * len(CODE)


@pytest.mark.long
def test_the_cells_run_and_can_be_run_again(tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DLT_"))}
    script = tmp_path / "cells.py"
    script.write_text("\n".join([*CODE[:-1], CHECK, CODE[-1], 'print("end of the cells")']), encoding="utf-8")
    for _ in range(2):
        ran = subprocess.run(
            [sys.executable, script],
            cwd=tmp_path,
            env={**clean, "DLT_DATA_DIR": str(tmp_path / "data"), "RUNTIME__DLTHUB_TELEMETRY": "false"},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr[-2000:]
        assert ran.stdout.endswith("end of the cells\n")
