"""Personal data and free text: kept, masked or dropped, before anything of a record is looked at, hashed or stored.

A mask is a keyed hash: equal values stay equal, so they can be counted and joined. Nobody without the key can find out
a value by trying likely ones.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Literal, get_args

from ..errors import ConfigurationError
from .record import content_hash

Mode = Literal["keep", "mask", "drop"]
SHORTEST_KEY = 16
MASK_DIGITS = 32
MASKED = re.compile(rf"[0-9a-f]{{{MASK_DIGITS}}}")

Tree = dict[str, Any]


class PiiPolicy:
    """Keeps, masks or drops personal members of records.

    Args:
        mode: `keep` leaves them, `mask` stores a keyed hash (128 bits of HMAC-SHA256, in hexadecimal), `drop` stores
            null.
        key: the secret of the mask.
        personal: paths of the personal members, with dots.

    Raises:
        ConfigurationError: the mode does not exist, or the key to mask with is missing or short.
    """

    def __init__(self, mode: str, key: str | None, personal: Iterable[str]) -> None:
        if mode not in get_args(Mode):
            raise ConfigurationError(f"pii is one of {', '.join(get_args(Mode))}, not {mode!r}.")
        if mode == "mask" and len(key or "") < SHORTEST_KEY:
            raise ConfigurationError(
                f"pii = mask needs pii_key, a secret of at least {SHORTEST_KEY} characters: set it under "
                "[sources.partner_central] in .dlt/secrets.toml, or as SOURCES__PARTNER_CENTRAL__PII_KEY. Keep it: "
                "with another key, equal values are no longer equal."
            )
        self._mode = mode
        self._key = (key or "").encode()
        self._tree: Tree = {}
        for path in personal:
            *structures, member = path.split(".")
            below = self._tree
            for name in structures:
                below = below.setdefault(name, {})
            below[member] = None

    @property
    def keeps(self) -> bool:
        """Returns whether personal data is stored in clear."""
        return self._mode == "keep"

    @property
    def identity(self) -> str:
        """The mode, and which key it masks with: rows of one are not those of another."""
        key = hmac.digest(self._key, b"key of the mask", "sha256").hex()[:8]
        return f"{self._mode} {key}" if self._mode == "mask" else self._mode

    def record(self, record: object) -> object:
        """The record as it may be stored; the one given stays as it is."""
        if self._mode == "keep" or not isinstance(record, dict):
            return record
        return _changed(record, self._tree, self._mask if self._mode == "mask" else lambda _: None)

    def rejected(self, record: object) -> str:
        """Returns what is stored of a record that cannot be a row: its JSON, or a hash if personal data is not kept.

        Args:
            record: as `record` gave it.
        """
        if self._mode == "keep":
            return json.dumps(record, default=str)
        return self._mask(record) if self._mode == "mask" else content_hash(record)

    def value(self, stored: object) -> object:
        """Returns the value to store instead of one that is stored in a personal column; a mask stays.

        A column of another type than text cannot hold a mask: it becomes null.
        """
        if self._mode == "keep" or stored is None:
            return stored
        if self._mode == "drop" or not isinstance(stored, str):
            return None
        return stored if MASKED.fullmatch(stored) else self._mask(stored)

    def rejection(self, stored: str, key: str | None) -> tuple[str, str | None]:
        """Returns what to store instead of a record, and of its key, in the table of rejected records; a hash stays.

        Args:
            stored: as an earlier run stored it: its JSON, if personal data was kept.
            key: its id, or a hash of all it held where it has none.
        """
        if self._mode == "keep" or MASKED.fullmatch(stored):
            return stored, key
        try:
            record = self.record(json.loads(stored))
        except ValueError:
            record = stored
        hashed = key is not None and MASKED.fullmatch(key) is not None
        return self.rejected(record), content_hash(record) if hashed else key

    def in_state(self, value: str) -> str:
        """A personal value as the state of the source may have it: a mask where values are masked."""
        return self._mask(value) if self._mode == "mask" else value

    def _mask(self, value: object) -> str:
        if value == "":
            return ""
        written = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
        return hmac.digest(self._key, written.encode(errors="surrogatepass"), "sha256").hex()[:MASK_DIGITS]


def _changed(structure: dict[str, Any], tree: Tree, change: Callable[[object], object]) -> dict[str, Any]:
    """A copy of a structure, whose members at the ends of the tree are changed."""
    copy = dict(structure)
    for member, below in tree.items():
        value = copy.get(member)
        if value is None:
            continue
        if below is None:
            copy[member] = change(value)
        elif isinstance(value, dict):
            copy[member] = _changed(value, below, change)
    return copy
