"""The key and the dates of a record, whether it can become a row or not."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from .values import InvalidValue, parse_timestamp, to_text

KEY_SEPARATOR = "/"
ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str)  # numbers keep their digits


@dataclass(frozen=True, slots=True)
class Members:
    """The members by which records are found, ordered and merged.

    Attributes:
        key: identifies a record.
        modified: date of the last change.
        created: date that never changes.
        key_parts: the members that identify a record together, where it has no `key` of its own.
    """

    key: str = "Id"
    modified: str = "LastModifiedDate"
    created: str = "CreatedDate"
    key_parts: tuple[str, ...] = ()

    @property
    def required(self) -> tuple[str, ...]:
        """The members without which a record cannot be merged."""
        return self.key, self.modified

    @property
    def is_dated(self) -> bool:
        """Returns whether a record says when it was changed."""
        return True

    def key_of(self, record: object) -> str | None:
        """The key of any record, where it has one; of several members, their values joined by `/`."""
        if not isinstance(record, dict):
            return None
        if not self.key_parts:
            return stored_text(record.get(self.key))
        parts = [stored_text(record.get(name)) for name in self.key_parts]
        return KEY_SEPARATOR.join(map(_escaped, filter(None, parts))) if all(parts) else None

    def modified_date(self, record: object) -> datetime | None:
        """Returns when a record was last changed, in UTC; None where nothing says so."""
        return timestamp_of(record, self.modified)

    def created_date(self, record: object) -> datetime | None:
        """Returns when a record was created, in UTC; None where nothing says so."""
        return timestamp_of(record, self.created)

    def key_and_modified(self, record: object) -> tuple[str | None, datetime | None]:
        """Key and date of the last change of any record."""
        return self.key_of(record), self.modified_date(record)


@dataclass(frozen=True, slots=True)
class UndatedMembers(Members):
    """The members of records that are listed whole: nothing says when one was changed."""

    @property
    def required(self) -> tuple[str, ...]:
        """The members without which a record cannot be merged."""
        return self.key_parts or (self.key,)

    @property
    def is_dated(self) -> bool:
        """Returns whether a record says when it was changed."""
        return False

    def modified_date(self, record: object) -> None:
        """Returns that nothing says when a record was changed."""
        del record


def content_hash(record: object) -> str:
    """128 bits of BLAKE2 over the record's JSON with sorted keys, in hexadecimal."""
    return hashlib.blake2b(ENCODER.encode(record).encode(), digest_size=16).hexdigest()


def _escaped(part: str) -> str:
    """Returns a part of a key without the separator, so that no two keys are joined to one text."""
    return part.replace("%", "%25").replace(KEY_SEPARATOR, "%2F")


def stored_text(value: object) -> str | None:
    """A value as a column of text has it; None where it cannot have it."""
    try:
        return to_text(value)
    except InvalidValue:
        return None


def timestamp_of(record: object, member: str) -> datetime | None:
    """Returns a date of any record, in UTC; None where it has none."""
    try:
        return parse_timestamp(record.get(member)) if isinstance(record, dict) else None
    except InvalidValue:
        return None
