"""The tables of every stream that hold personal data, and what of them is looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from dlt.common.schema import Schema

from partner_central.public import ACCOUNT, OWN_COLUMNS, STREAMS, PiiPolicy, Stream

from ..destinations.split_columns import member_of

NOTHING: frozenset[str] = frozenset()
LEVEL = "__"  # between the names of a list and of one in it
Policies = Mapping[Stream, PiiPolicy]


@dataclass(frozen=True, slots=True)
class PersonalTable:
    """A table with personal data.

    Attributes:
        name: of the table.
        stream: whose records it holds, or their versions, lists or rejected ones.
        personal: the columns that may be in clear.
        read: these, and what else has to be known to change them.
        what: its rows, for a message.
        known: the columns of members that are classified, so that any other may be in clear; None for no others.
    """

    name: str
    stream: Stream
    personal: frozenset[str]
    read: frozenset[str]
    what: str
    known: frozenset[str] | None = None

    def with_others(self, columns: Iterable[str], account: str | None) -> PersonalTable:
        """Returns the table with those of its columns that nobody knows and that may be in clear.

        Args:
            columns: all that it has.
            account: name of the account in every row; None without a column for it.
        """
        if self.known is None:
            return self
        ours = {self.stream.key_column, self.stream.child_key, *([] if account is None else [ACCOUNT]), *OWN_COLUMNS}
        unknown = {one for one in columns if member_of(one, self.known) is None and not one.startswith("_dlt")} - ours
        return replace(self, personal=self.personal | unknown, read=self.read | unknown)

    @property
    def is_of_rejected(self) -> bool:
        """Returns whether it holds records that could not become rows."""
        return self.name == self.stream.rejected_table


@dataclass(slots=True)
class Cleaned:
    """The outcome for the tables.

    Attributes:
        rows: how many rows of each table were in clear.
        added: columns that somebody added, as `table.column`; they are left as they are.
        lines: more for the user.
    """

    rows: Counter[str] = field(default_factory=Counter)
    added: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def own(self, schema: Schema, table: str, columns: Iterable[str]) -> set[str]:
        """Returns the columns that syncs made, and notes the others: dlt's schema has every one that a sync made."""
        made = {name.lower() for name in schema.tables.get(table, {}).get("columns", {})}
        own = {name for name in columns if name.lower() in made}
        self.added += (f"{table}.{name}" for name in {*columns} - own)
        return own


def _tables_of(stream: Stream) -> Iterator[PersonalTable]:
    """Yields the tables of a stream that can hold what is personal."""
    columns, known = stream.personal_columns, stream.classified_columns
    yield PersonalTable(stream.table, stream, columns, columns, f"rows of {stream.table}", known[stream.table])
    if stream.history is not None:
        read = columns.union(stream.history.content)
        name = stream.history_table
        yield PersonalTable(name, stream, columns, read, f"versions in {name}", known[stream.table])
    name, record = stream.rejected_table, frozenset({"record"})
    yield PersonalTable(name, stream, record, record | {"record_key"}, f"records in {name}")
    for name in known.keys() - {stream.table}:
        entries = stream.personal_in_lists.get(name, NOTHING)
        yield PersonalTable(name, stream, entries, entries, f"entries of {name}", known[name])


def _is_of_unknown_list(stream: Stream, name: str) -> bool:
    """Returns whether a table is of a list that nobody knows, or of one in it."""
    for table, known in stream.classified_columns.items():
        if name.startswith(f"{table}{LEVEL}") and name.split(LEVEL)[table.count(LEVEL) + 1] not in known:
            return True
    return False


def tables_in(names: Iterable[str]) -> dict[str, PersonalTable]:
    """Returns the tables that can hold what is personal: those of the model, and lists among these names."""
    found = dict(TABLES)
    for name in sorted({*names} - TABLES.keys()):
        for stream in STREAMS:
            if _is_of_unknown_list(stream, name):
                found[name] = PersonalTable(name, stream, NOTHING, NOTHING, f"entries of {name}", NOTHING)
    return found


TABLES: Mapping[str, PersonalTable] = {table.name: table for stream in STREAMS for table in _tables_of(stream)}
