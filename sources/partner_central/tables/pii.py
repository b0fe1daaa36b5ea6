"""Personal data and free text: kept, masked or dropped, before anything of a record is looked at, hashed or stored.

A mask is a keyed hash: equal values of a column stay equal, so they can be counted and joined. Nobody without the key
can find out a value by trying likely ones. The name of the column is part of the hash, so a mask does not tell that
another column holds the same value.

Datasets of an earlier release have masks of another form, without the column. A mask of the present form is a hash of
that one. So `forget` makes the present form of what is stored, without the value. Until then a sync continues in the
first form, since a mask that changes would make another version of every record.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from ..errors import ConfigurationError
from .personal_members import NO_NAMES, PersonalMembers
from .record import content_hash
from .table import Path
from .values import Mask, Unclassified

Mode = Literal["keep", "mask", "drop"]
SHORTEST_KEY = 16
MASK_DIGITS = 32
FIRST_FORM, FORM = 1, 2  # of masks, and of the list of personal members
MASKED = re.compile(rf"m[0-9a-f]{{{MASK_DIGITS - 1}}}")
MASKED_AT_FIRST = re.compile(rf"[0-9a-f]{{{MASK_DIGITS}}}")
RECORD = "record"  # the column of rejected records
NEEDS_KEY = (
    "pii = drop and the filter {} need pii_key: the state names the filters by their values, and without a key anybody "
    f"could try likely ones. Set pii_key, a secret of at least {SHORTEST_KEY} characters, under "
    "[sources.partner_central] in .dlt/secrets.toml, or as SOURCES__PARTNER_CENTRAL__PII_KEY."
)


class PiiPolicy:
    """Keeps, masks or drops personal members of records.

    Args:
        mode: `keep` leaves them, `mask` stores a keyed hash (124 bits of HMAC-SHA256, in hexadecimal after an `m`),
            `drop` stores null.
        key: the secret of the mask.
        personal: paths of the personal members, with dots, and `[]` after a list of structures.
        form: of the masks.
        names: names of columns and lists that the naming rule does not give, by path.
        kept: paths of the members that are stored as they are.

    Raises:
        ConfigurationError: the mode does not exist, or the key to mask with is missing or short.
    """

    def __init__(
        self,
        mode: str,
        key: str | None,
        personal: Iterable[str],
        form: int = FORM,
        *,
        names: Mapping[Path, str] = NO_NAMES,
        kept: Iterable[str] = (),
    ) -> None:
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
        self._form = form
        self._members = PersonalMembers(personal, kept, names)

    @property
    def keeps(self) -> bool:
        """Returns whether personal data is stored in clear."""
        return self._mode == "keep"

    @property
    def identity(self) -> str:
        """The mode, and which key it masks with: rows of one are not those of another."""
        key = hmac.digest(self._key, b"key of the mask", "sha256").hex()[:8]
        identity = f"{self._mode} {key}" if self._mode == "mask" else self._mode
        return identity if self.keeps or self._form == FIRST_FORM else f"{identity} {self._form}"

    def record(self, record: object) -> object:
        """The record as it may be stored; the one given stays as it is."""
        if self._mode == "keep" or not isinstance(record, dict):
            return record
        if self._mode == "drop":
            return self._members.changed(record, lambda *_: None, lambda *_: Unclassified())
        return self._members.changed(record, self._mask, self._mask_unclassified)

    def rejected(self, record: object) -> str:
        """Returns what is stored of a record that cannot be a row: its JSON, or a hash if personal data is not kept.

        Args:
            record: as `record` gave it.
        """
        if self._mode == "keep":
            return json.dumps(record, default=str)
        return self._mask(record, RECORD) if self._mode == "mask" else content_hash(record)

    def value(self, stored: object, column: str) -> object:
        """Returns the value to store instead of one that is stored in a personal column; a mask stays.

        A mask of the first form becomes one of the present form. A column of another type than text cannot hold a mask:
        it becomes null.

        Args:
            stored: what is stored.
            column: as `personal_column` names it.
        """
        if self._mode == "keep" or stored is None:
            return stored
        if self._mode == "drop" or not isinstance(stored, str):
            return None
        if MASKED.fullmatch(stored):
            return stored
        return self._of_column(stored, column) if MASKED_AT_FIRST.fullmatch(stored) else self._mask(stored, column)

    def rejection(self, stored: str, key: str | None) -> tuple[str, str | None]:
        """Returns what to store instead of a record, and of its key, in the table of rejected records; a hash stays.

        Args:
            stored: as an earlier run stored it: its JSON, if personal data was kept.
            key: its id, or a hash of all it held where it has none.
        """
        if self._mode == "keep" or MASKED.fullmatch(stored):
            return stored, key
        if MASKED_AT_FIRST.fullmatch(stored):
            return self._of_column(stored, RECORD) if self._mode == "mask" else stored, key
        try:
            record = self.record(json.loads(stored))
        except ValueError:
            record = stored
        hashed = key is not None and MASKED_AT_FIRST.fullmatch(key) is not None
        return self.rejected(record), content_hash(record) if hashed else key

    def in_state(self, value: str, filter_name: str) -> str:
        """A personal value of a filter as the state of the source may have it: hashed by the key.

        Raises:
            ConfigurationError: there is no key, or a short one.
        """
        if len(self._key) < SHORTEST_KEY:
            raise ConfigurationError(NEEDS_KEY.format(filter_name))
        return self._hash(value)

    def _mask(self, value: object, column: str) -> Mask:
        if value == "":
            return Mask("")
        written = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
        mask = self._hash(written)
        return Mask(mask) if self._form == FIRST_FORM else self._of_column(mask, column)

    def _mask_unclassified(self, value: object, column: str) -> Mask:
        mask = self._mask(value, column)
        return Unclassified(mask) if mask else mask

    def _of_column(self, mask: str, column: str) -> Mask:
        """Returns the mask of a column, from a mask without one."""
        return Mask(f"m{self._hash(f'{column} {mask}')[: MASK_DIGITS - 1]}")

    def _hash(self, text: str) -> str:
        return hmac.digest(self._key, text.encode(errors="surrogatepass"), "sha256").hex()[:MASK_DIGITS]
