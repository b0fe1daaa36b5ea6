"""The version of this program that makes rows: what one cannot read, another may."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from .table import RecordModel

MAKES_ROWS = ("service_model.py", "rows.py", "structure_rows.py", "new_members.py", "types.py", "values.py")


@cache
def version_of(model: RecordModel) -> str:
    """A digest of the code that makes rows and of the members it knows."""
    digest = hashlib.blake2b(repr(model).encode(), digest_size=8)
    for name in MAKES_ROWS:
        digest.update(Path(__file__).with_name(name).read_bytes())
    return digest.hexdigest()
