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
from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal, get_args

from ..errors import ConfigurationError
from .record import content_hash
from .table import Path, column_name

Mode = Literal["keep", "mask", "drop"]
SHORTEST_KEY = 16
MASK_DIGITS = 32
FIRST_FORM, FORM = 1, 2  # of masks, and of the list of personal members
MASKED = re.compile(rf"m[0-9a-f]{{{MASK_DIGITS - 1}}}")
MASKED_AT_FIRST = re.compile(rf"[0-9a-f]{{{MASK_DIGITS}}}")
LIST = "[]"  # after the name of a list of structures, in the path of a personal member
NO_MASK = ""  # the column of a personal member that has another type than text
NO_NAMES: Mapping[Path, str] = MappingProxyType({})
OTHERS = ""  # in place of a member: all that are not named, under the path of their structure
RECORD = "record"  # the column of rejected records
NEEDS_KEY = (
    "pii = drop and the filter {} need pii_key: the state names the filters by their values, and without a key anybody "
    f"could try likely ones. Set pii_key, a secret of at least {SHORTEST_KEY} characters, under "
    "[sources.partner_central] in .dlt/secrets.toml, or as SOURCES__PARTNER_CENTRAL__PII_KEY."
)

Tree = dict[str, Any]
Change = Callable[[object, str], object]


class PiiPolicy:
    """Keeps, masks or drops personal members of records.

    Args:
        mode: `keep` leaves them, `mask` stores a keyed hash (124 bits of HMAC-SHA256, in hexadecimal after an `m`),
            `drop` stores null.
        key: the secret of the mask.
        personal: paths of the personal members, with dots, and `[]` after a list of structures.
        form: of the masks.
        names: names of columns and lists that the naming rule does not give, by path.
        not_text: paths of personal members whose column can hold no mask: they are dropped.
        wholly: paths of structures in which every member is personal, also one that no model describes.
        unknown: paths of structures in which a member is personal if nothing of it is named here.

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
        not_text: Collection[str] = (),
        wholly: Iterable[str] = (),
        unknown: Iterable[str] = (),
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
        self._names = names
        self._tree: Tree = {}
        for path in personal:
            *structures, member = _parts(path)
            _structure(self._tree, structures)[member] = NO_MASK if path in not_text else personal_column(path, names)
        for path in wholly:
            _mark_wholly(_structure(self._tree, _parts(path)), path)
        for path in unknown:
            _structure(self._tree, _parts(path))[OTHERS] = path

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
        change: Change = self._masked if self._mode == "mask" else lambda *_: None
        return _changed(record, self._tree, change, self._names)

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

    def _masked(self, value: object, column: str) -> str | None:
        return None if column == NO_MASK else self._mask(value, column)

    def _mask(self, value: object, column: str) -> str:
        if value == "":
            return ""
        written = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
        mask = self._hash(written)
        return mask if self._form == FIRST_FORM else self._of_column(mask, column)

    def _of_column(self, mask: str, column: str) -> str:
        """Returns the mask of a column, from a mask without one."""
        return f"m{self._hash(f'{column} {mask}')[: MASK_DIGITS - 1]}"

    def _hash(self, text: str) -> str:
        return hmac.digest(self._key, text.encode(errors="surrogatepass"), "sha256").hex()[:MASK_DIGITS]


def personal_column(path: str, names: Mapping[Path, str] = NO_NAMES) -> str:
    """Returns the column of a personal member, after the list that it is in: `project_expected_customer_spend.amount`.

    Args:
        path: with dots, and `[]` after a list of structures.
        names: names that the naming rule does not give, by path.
    """
    here: Path = ()
    found = []
    for part in path.split(f"{LIST}."):
        members = part.split(".")
        here = (*here, *members)
        found.append(names.get(here) or column_name(members))
    return ".".join(found)


def _parts(path: str) -> list[str]:
    return path.replace(LIST, f".{LIST}").split(".")


def _structure(tree: Tree, parts: Iterable[str]) -> Tree:
    """The part of a tree that is about a structure; it is made if it is missing."""
    for name in parts:
        tree = tree.setdefault(name, {})
    return tree


def _mark_wholly(tree: Tree, path: str) -> None:
    """Notes of a structure, and of those in it, that members count as personal that are not named."""
    for member, below in tree.items():
        if isinstance(below, dict):
            _mark_wholly(below, f"{path}{LIST}" if member == LIST else f"{path}.{member}")
    if LIST not in tree:
        tree[OTHERS] = path


def _changed(structure: dict[str, Any], tree: Tree, change: Change, names: Mapping[Path, str]) -> dict[str, Any]:
    """A copy of a structure, whose members at the ends of the tree are changed."""
    copy = dict(structure)
    for member in structure if OTHERS in tree else tree:
        value, below = copy.get(member), tree.get(member)
        if value is None:
            continue
        if below is None or member == OTHERS:
            copy[member] = change(value, personal_column(f"{tree[OTHERS]}.{member}", names))
        elif isinstance(below, str):
            copy[member] = change(value, below)
        elif isinstance(value, dict):
            copy[member] = _changed(value, below, change, names)
        elif isinstance(value, list) and LIST in below:
            copy[member] = [
                _changed(one, below[LIST], change, names) if isinstance(one, dict) else one for one in value
            ]
    return copy
