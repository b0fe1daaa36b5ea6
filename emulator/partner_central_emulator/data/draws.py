"""Numbers and identifiers that follow from a seed and a name, in any order and at little cost."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

_LETTERS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_ALL: Final = 1 << 64


@dataclass(frozen=True, slots=True)
class Draws:
    """Draws for the records of one catalog; the same whenever and in whatever order they are made."""

    seed: int
    catalog: str

    def share(self, purpose: str, number: int) -> float:
        """Returns a number from 0 to 1, without 1."""
        return self._number(purpose, number) / _ALL

    def chance(self, part: float, purpose: str, number: int) -> bool:
        """Returns true for this part of the numbers, 0 to 1."""
        return self.share(purpose, number) < part

    def identifier(self, prefix: str, length: int, purpose: str, number: int) -> str:
        """Returns an identifier such as `eng-0a1b2c3d4e5f6g`."""
        rest, text = self._number(purpose, number, size=12), ""
        for _ in range(length):
            rest, digit = divmod(rest, len(_LETTERS))
            text += _LETTERS[digit]
        return prefix + text

    def _number(self, purpose: str, number: int, size: int = 8) -> int:
        text = f"{self.seed}/{self.catalog}/{purpose}/{number}"
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=size).digest(), "big")
