"""The tables of every stream that hold personal data, and what of them is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from partner_central.public import ACCOUNT, STREAMS, FurtherColumns, PiiPolicy, Stream

EVERYTHING = FurtherColumns("")
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
        others: further columns that may be in clear; None for no others.
    """

    name: str
    stream: Stream
    personal: frozenset[str]
    read: frozenset[str]
    what: str
    others: FurtherColumns | None = None

    def with_others(self, columns: Iterable[str], account: str | None) -> PersonalTable:
        """Returns the table with those of its columns that no model describes and that may be in clear.

        Args:
            columns: all that it has.
            account: name of the account in every row; None without a column for it.
        """
        if self.others is None:
            return self
        keys = {self.stream.child_key, *([] if account is None else [ACCOUNT])}
        found = {one for one in columns if one in self.others and not one.startswith("_dlt")} - keys
        return replace(self, personal=self.personal | found, read=self.read | found)

    @property
    def is_of_rejected(self) -> bool:
        """Returns whether it holds records that could not become rows."""
        return self.name == self.stream.rejected_table


def _tables_of(stream: Stream) -> Iterator[PersonalTable]:
    """Yields the tables of a stream that can hold what is personal."""
    columns = stream.personal_columns
    if columns:
        yield PersonalTable(stream.table, stream, columns, columns, f"rows of {stream.table}")
    if stream.history is not None and stream.personal:
        read = columns.union(stream.history.content)
        name = stream.history_table
        yield PersonalTable(name, stream, columns, read, f"versions in {name}")
    if stream.personal:
        name, record = stream.rejected_table, frozenset({"record"})
        yield PersonalTable(name, stream, record, record | {"record_key"}, f"records in {name}")
    for name, entries in stream.personal_in_lists.items():
        yield PersonalTable(name, stream, entries, entries, f"entries of {name}", _others(stream, name))


def _others(stream: Stream, name: str) -> FurtherColumns | None:
    """Returns the columns of a list that are personal whatever they hold; None if it has no such columns."""
    for table, columns in stream.further_personal_columns.items():
        if name == table:
            return columns
        if name.startswith(f"{table}{LEVEL}") and name.removeprefix(f"{table}{LEVEL}") in columns:
            return EVERYTHING
    return None


def tables_in(names: Iterable[str]) -> dict[str, PersonalTable]:
    """Returns the tables that can hold what is personal: those of the model, and lists among these names."""
    found = dict(TABLES)
    for name in sorted({*names} - TABLES.keys()):
        for stream in STREAMS:
            if (others := _others(stream, name)) is not None:
                found[name] = PersonalTable(name, stream, frozenset(), frozenset(), f"entries of {name}", others)
    return found


TABLES: Mapping[str, PersonalTable] = {table.name: table for stream in STREAMS for table in _tables_of(stream)}
