"""The examples of the emulator's page in the documentation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from partner_central_emulator import Emulator
from partner_central_emulator.operations import OPERATIONS

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "emulator.md").read_text()


def test_the_examples_run() -> None:
    names: dict[str, Any] = {}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE):
        exec(block, names)
    assert names["lapsed"]
    assert names["told"] == ["Opportunity Created"]


def test_the_table_names_every_stream_and_operation() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| (`[A-Z].*`) \|$", PAGE, re.MULTILINE))
    assert {name for operations in rows.values() for name in re.findall(r"`(\w+)`", operations)} == OPERATIONS.keys()
    emulator = Emulator(opportunities=60)
    assert [stream for stream in rows if not emulator.truth(stream=stream)] == []
