"""Every version of a record that was seen, as a row of its own: the service keeps only the newest.

A row holds the columns of the record and its known lists as text that a person can read. It also has a hash of its
content, its place in the order of reading, and when a run first read it. AWS changes some members without moving
LastModifiedDate, and with dates of whole seconds a record can change twice within one. So the versions of a record are
in order by (`last_modified_date`, `read_order`), and one that returns to what it was is a version again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from json.encoder import encode_basestring_ascii as quoted
from typing import NamedTuple

from .rows import ACCOUNT, Row, RowMaker
from .table import Column, RecordModel

SEPARATOR = "; "
KEY = ("id", "last_modified_date", "content_hash")
UNDATED_KEY = ("id", "content_hash", "read_order")
ORDERING = (
    Column(
        (),
        "read_order",
        "bigint",
        "Where this version stands in the order of reading, over all runs: the versions of an id are in order by "
        "last_modified_date, then by this. Below zero where an earlier release stored it.",
    ),
    Column(
        (),
        "order_is_known",
        "bool",
        "Whether read_order is the order of reading; false where nothing tells versions apart that an earlier release "
        "stored.",
    ),
)
HASH = Column((), "content_hash", "text", "Equal for versions whose known members are equal, whatever their order.")
READ_ORDER = Column(
    (),
    "read_order",
    "bigint",
    "Where this version stands in the order of reading, over all runs: the versions of an id are in order by this.",
)
FIRST_SEEN = Column(
    (), "first_seen_at", "timestamp", "When the run began that first read this version, by its machine's clock."
)


class ListAsText(NamedTuple):
    """A list that a version holds as text.

    Attributes:
        join: makes the texts of its entries, which are sorted and joined.
        description: of its column.
    """

    join: Callable[[Sequence[Row]], list[str]]
    description: str


@dataclass(frozen=True, slots=True)
class HistoryRules:
    """The content of a version.

    Attributes:
        content: the columns that the hash of its content is made of. They must never change: the hashes of all stored
            versions are made of them.
        lists: lists as text, by the name of their child table.
    """

    content: tuple[str, ...]
    lists: Mapping[str, ListAsText] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell versions apart."""
        return KEY

    @property
    def ordering(self) -> tuple[Column, ...]:
        """The columns that put the versions of an id in order."""
        return ORDERING


@dataclass(frozen=True, slots=True)
class UndatedHistoryRules(HistoryRules):
    """The content of a version of records without a date of the last change."""

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell versions apart: one that returns to what it was has another place in the order."""
        return UNDATED_KEY

    @property
    def ordering(self) -> tuple[Column, ...]:
        """The columns that put the versions of an id in order."""
        return (READ_ORDER,)


def join_values(entries: Sequence[Row]) -> list[str]:
    """Returns the values of a list of plain values."""
    return [entry["value"] for entry in entries if entry.get("value")]


def history_model(model: RecordModel, rules: HistoryRules) -> RecordModel:
    """Returns the table of versions of the records of a model: its columns and a few more, no lists."""
    lists = [Column((), name, "text", rule.description) for name, rule in rules.lists.items()]
    return RecordModel((*model.columns, *lists, HASH, *rules.ordering, FIRST_SEEN), ())


class History:
    """Makes the rows of versions.

    Args:
        row_maker: makes the rows of records, and knows the names of their columns and lists in the destination.
        rules: what a version is made of.
        seen_at: when the run began that reads them.
    """

    def __init__(self, row_maker: RowMaker, rules: HistoryRules, seen_at: datetime) -> None:
        self._row_maker = row_maker
        self._rules = rules
        self._of_all: Row = {
            **dict.fromkeys((column.name for column in rules.ordering), True),
            FIRST_SEEN.name: seen_at,
        }

    def version(self, row: Row, read_order: int) -> Row:
        """The row of one version.

        Args:
            row: the row of the record, with its lists. Lists that the model does not know are left out.
            read_order: its place in the order of reading, over all runs.
        """
        version = dict(row)
        for name, there in self._lists.items():
            entries = version.pop(there.name, None)
            if entries and (texts := self._rules.lists[name].join([_plain(entry, there.columns) for entry in entries])):
                version[name] = SEPARATOR.join(sorted(texts))
        if not row.keys() <= self._known:
            version = {name: value for name, value in version.items() if not isinstance(value, list)}
        version["content_hash"] = content_hash_of(_plain(version, self._moved), self._rules)
        version |= self._of_all
        version["read_order"] = read_order
        return version

    @cached_property
    def _known(self) -> frozenset[str]:
        placed = self._row_maker.placed
        lists = [there.name for there in self._lists.values()]
        return frozenset({"_dlt_id", ACCOUNT, *self._rules.lists, *lists, *(column.name for column in placed.columns)})

    @cached_property
    def _moved(self) -> Mapping[str, str]:
        """The columns that have another name in the destination than in the model."""
        return _moved(self._row_maker.model.columns, self._row_maker.placed.columns)

    @cached_property
    def _lists(self) -> Mapping[str, _There]:
        """The names that the lists of a version have in a row."""
        lists = {
            child.name: _There(there.name, _moved(child.columns, there.columns))
            for child, there in zip(self._row_maker.model.children, self._row_maker.placed.children, strict=True)
        }
        return {name: lists.get(name, _There(name, {})) for name in self._rules.lists}


class _There(NamedTuple):
    """The name of a list in the destination, and the names of those of its columns that have another one there."""

    name: str
    columns: Mapping[str, str]


def _moved(columns: Sequence[Column], placed: Sequence[Column]) -> dict[str, str]:
    pairs = zip(columns, placed, strict=True)
    return {column.name: there.name for column, there in pairs if there.name != column.name}


def _plain(row: Row, moved: Mapping[str, str]) -> Row:
    """A row with the members that stand elsewhere in the destination under the names of the model."""
    return row | {name: row.get(there) for name, there in moved.items()} if moved else row


def drop_seen_in_this_load(versions: Sequence[Row], held: dict[tuple[str, datetime], str]) -> list[Row]:
    """The versions that are not what the load holds already as the last one of their date; they are noted in `held`.

    The merge of dlt looks for a version in the table only.
    """
    new = []
    for version in versions:
        key = version["id"], version["last_modified_date"]
        if held.get(key) != version["content_hash"]:
            held[key] = version["content_hash"]
            new.append(version)
    return new


def content_hash_of(version: Mapping[str, object], rules: HistoryRules) -> str:
    """128 bits of BLAKE2 over the columns `CONTENT` of a version, in hexadecimal.

    It can be computed of a stored row as well, of any database. An instant may be in any time zone (UTC if it has
    none), a number of any type, a list in any order. Members that AWS adds, and columns
    that a newer model has, are no part of it; nor are id and date, within which it is compared.

    It is of what is stored: where personal data is masked or dropped, equal masks are equal. So after a change of
    `pii`, each record that is read again is another version, unless the stored versions were masked as well and got
    new hashes.
    """
    lists, value_of, pairs = rules.lists, version.get, []
    for name in rules.content:
        value = value_of(name)
        if value is None:
            continue
        if name in lists:
            entries = map(quoted, sorted(str(value).split(SEPARATOR)))
            pairs.append(f'["{name}", [{", ".join(entries)}]]')
        else:
            pairs.append(f'["{name}", {quoted(value if type(value) is str else _normal(value))}]')
    return hashlib.blake2b(f"[{', '.join(pairs)}]".encode(), digest_size=16).hexdigest()


def _normal(value: object) -> str:
    """A value as text that is the same for all ways to hold it."""
    match value:
        case datetime(tzinfo=zone):
            utc = value if zone is UTC else value.replace(tzinfo=UTC) if zone is None else value.astimezone(UTC)
            return utc.isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
        case bool():
            return str(value).lower()
        case float() | Decimal():
            plain = f"{Decimal(str(value)):f}"
            return plain.rstrip("0").rstrip(".") if "." in plain else plain
        case _:
            return str(value)
