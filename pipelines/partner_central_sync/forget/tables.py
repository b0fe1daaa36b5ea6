"""The tables of every stream that hold personal data, and what of them is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from partner_central.public import STREAMS, PiiPolicy, Stream

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
    """

    name: str
    stream: Stream
    personal: frozenset[str]
    read: frozenset[str]
    what: str

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
        yield PersonalTable(name, stream, entries, entries, f"entries of {name}")


TABLES: Mapping[str, PersonalTable] = {table.name: table for stream in STREAMS for table in _tables_of(stream)}
