"""The operations of the emulator: one file a family of operations, one line each in `OPERATIONS`."""

from __future__ import annotations

from typing import Final

from . import opportunities
from .operation import Operation

_FAMILIES: Final = (
    *opportunities.OPERATIONS,
)  # fmt: skip
OPERATIONS: Final[dict[str, Operation]] = {operation.name: operation for operation in _FAMILIES}
